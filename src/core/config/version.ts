/** Whose words are spoken here, in the form of ZooKeeper's Version.getFullVersion. */
export const VERSION = '3.8.0-vivarium, built on 2026-11-20 00:00 UTC'
