export const terminal = {
  title: 'zkCli',
  output: 'zkCli output',
  input: 'zkCli',
  placeholder: 'ls /   create /app hello   :help',
  tabs: 'Sessions',
  tab: 'Session {{number}}',
  newTab: 'New session',
  closeTab: 'Close session {{number}}',
  connectTo: 'Connect to',
  atServer: 'at server {{sid}}',
  nowhere: 'not connected',
  paused: 'Paused: the answer comes when time goes on.',
  unanswered: 'No answer: {{reason}}. Open a new session.',
  ended: 'This zkCli has ended.',
  none: 'No session is open.',
  welcome: 'Type help for what zkCli can do, :help for what the page can do. Tab completes.',
  candidates_one: '{{count}} possibility',
  candidates_other: '{{count}} possibilities',
  nobodyLeads: 'Nobody leads.',
  reached: 'Paused: {{condition}}.',
  notReached: 'Stopped waiting for: {{condition}}.',
  noSuchCondition: '"{{condition}}" is no condition. These are: {{conditions}}.',
  verbHelp: `:kill N, :start N     kill or start a server
:crash leader         kill whoever leads
:pause, :resume       stop time, let it go on
:step                 show the next event
:speed X              0.01 … 100 times real time, max, or auto
:until CONDITION      run until, then pause: leader; server 2 leads; 0x100000002 committed; watch fires
:clean slate          delete all files and begin anew`,
  verbs: {
    unknown: 'The page knows no ":{{word}}". Type :help for what it knows.',
    noSuchServer: '"{{word}}" is no server. Servers are 1 to {{servers}}.',
    noSuchSpeed: '"{{word}}" is no speed. Say a number such as 0.1, or max, or auto.',
    noCondition: 'Until what? Try :until server 2 leads.',
    cleanSlate: 'To delete all files of the ensemble and begin anew, say :clean slate',
    tooMuch: '"{{word}}" is too much.',
  },
}
