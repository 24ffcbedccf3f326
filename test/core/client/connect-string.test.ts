import { expect, test } from 'vitest'
import { parseConnectString } from '../../../src/core/client/connect-string.ts'

test.each([
  ['zk1', [{ host: 'zk1', port: 2181 }], null],
  ['zk1:2182', [{ host: 'zk1', port: 2182 }], null],
  ['zk1:', [{ host: 'zk1', port: 2181 }], null],
  [
    'zk1:1, zk2:2,',
    [
      { host: 'zk1', port: 1 },
      { host: 'zk2', port: 2 },
    ],
    null,
  ],
  ['zk1:1/', [{ host: 'zk1', port: 1 }], null],
  [
    'zk1:1,zk2/app/x',
    [
      { host: 'zk1', port: 1 },
      { host: 'zk2', port: 2181 },
    ],
    '/app/x',
  ],
])('%s', (text, servers, chroot) => {
  expect(parseConnectString(text)).toEqual({ servers, chroot })
})

test.each([
  ['zk1:x', 'For input string: "x"'],
  ['zk1:99999999999', 'For input string: "99999999999"'],
  ['zk1:65536', 'port out of range:65536'],
  ['zk1:1/app/', 'Path must not end with / character'],
  ['zk1:1//a', 'Invalid path string "//a" caused by empty node name specified @1'],
  ['/app', 'A HostProvider may not be empty!'],
  ['', 'A HostProvider may not be empty!'],
])('%s is refused', (text, message) => {
  expect(() => parseConnectString(text)).toThrow(message)
})
