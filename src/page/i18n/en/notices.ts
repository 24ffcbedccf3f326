export const notices = {
  dismiss: 'Dismiss',
  opening: 'Opening the ensemble …',
  runInMemory: 'Run in memory instead',
  troubleOf: 'Server {{sid}}: {{words}}',
  trouble: {
    opfsMissing: 'this browser gives the page no place for files. What the ensemble writes is gone with this tab.',
    diskFull: 'the browser has no room left for its files ({{message}}). Free some space, or',
    workerFailed: 'its worker failed: {{message}}. Start it again.',
    storageBusy:
      'its files are held by someone else ({{message}}). Close other tabs of this page and start it again, or',
    badOption: 'The address asks for {{message}}, which makes no sense. The default is used.',
    orderFailed: 'that could not be done: {{message}}.',
  },
  taken: {
    title: 'The ensemble lives in another tab',
    words:
      'A ZooKeeper server must be the only owner of its files, so an ensemble runs in one tab at a time. Nothing was touched. Go to the other tab, or close it and try again.',
    retry: 'Try again',
    another: 'Run another ensemble here, in memory',
  },
  noStorage: {
    title: 'No place for files',
    missing: 'This browser gives the page no private file system (OPFS), as in some private windows.',
    full: 'The browser has no room left for the files of the page.',
    words:
      'The ensemble can run in memory: everything works, servers can be killed and started again, but closing or reloading the tab ends it.',
  },
  failed: {
    title: 'The ensemble could not be opened',
    words: 'What was on disk is still there. The reason was:',
  },
}
