export const trouble = {
  title: 'Find trouble',
  close: 'Close and stop',
  lead_one:
    'Random runs of one server like this one: kills, power cuts, broken disks and links, drifting clocks, busy clients. Each is simulated beside the page, and every property is judged.',
  lead_other:
    'Random runs of {{count}} servers like these: kills, power cuts, broken disks and links, drifting clocks, busy clients. Each is simulated beside the page, and every property is judged.',
  from: 'First seed',
  start: 'Hunt',
  stop: 'Stop',
  progress: 'The hunt',
  seeds_one: '{{count}} seed',
  seeds_other: '{{count}} seeds',
  pace: '{{pace}} seeds/s',
  virtual: '{{seconds}} virtual s',
  marks: '{{reached}} of {{all}} rare things reached',
  findings: 'Findings',
  noFindings: 'Nothing is broken so far.',
  reached: 'Rare things, and the first seed that came to each',
  seed: 'seed {{seed}}',
}
