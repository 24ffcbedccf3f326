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
  died: 'This zkCli has died of it, as the real one does. A new one begins.',
  none: 'No session is open.',
  welcome:
    'Type help for what zkCli can do, :help for what the page can do. Shell commands such as zkServer.sh status 2 or echo ruok | nc zk2 2181 work too. Tab completes.',
  candidates_one: '{{count}} possibility',
  candidates_other: '{{count}} possibilities',
  nobodyLeads: 'Nobody leads.',
  reached: 'Paused: {{condition}}.',
  notReached: 'Stopped waiting for: {{condition}}.',
  noSuchCondition: '"{{condition}}" is no condition. These are: {{conditions}}.',
  shell: {
    asleep: 'Server {{sid}} does not run, so nobody is there to clean up. Start it first: zkServer.sh start {{sid}}',
    ncUsage: 'Say it like this: echo ruok | nc localhost 2181',
  },
  verbHelp: `:kill N, :start N     kill or start a server
:crash leader         kill whoever leads
:pause, :resume       stop time, let it go on
:step                 show the next event
:speed X              0.01 … 100 times real time, max, or auto
:until CONDITION      run until, then pause: leader; server 2 leads; 0x100000002 committed; watch fires
:clean slate          delete all files and begin anew

The shell of a server's machine:
zkServer.sh start|stop|restart|status [N]
zkCli.sh -server host:port [command]
echo ruok | nc localhost 2181      any four-letter word, any server: nc zk2 2181
cat conf/zoo.cfg, cat /data/zk2/myid
zkCleanup.sh -n 3`,
  verbs: {
    unknown: 'The page knows no ":{{word}}". Type :help for what it knows.',
    noSuchServer: '"{{word}}" is no server. Servers are 1 to {{servers}}.',
    noSuchSpeed: '"{{word}}" is no speed. Say a number such as 0.1, or max, or auto.',
    noCondition: 'Until what? Try :until server 2 leads.',
    cleanSlate: 'To delete all files of the ensemble and begin anew, say :clean slate',
    tooMuch: '"{{word}}" is too much.',
  },
}
