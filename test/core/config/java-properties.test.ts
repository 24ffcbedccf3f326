import { expect, test } from 'vitest'
import { readJavaProperties } from '../../../src/core/config/java-properties.ts'
import { ConfigError } from '../../../src/core/config/server-spec.ts'

const read = (text: string): { [key: string]: string } => Object.fromEntries(readJavaProperties(text))

test.each([
  ['key=value', { key: 'value' }],
  ['  key  =  value  ', { key: 'value  ' }],
  ['key:value', { key: 'value' }],
  ['key value', { key: 'value' }],
  ['key\t\f = : value', { key: ': value' }],
  ['key', { key: '' }],
  ['= value', { '': 'value' }],
  ['a=1\na=2', { a: '2' }],
  ['a=1\r\nb=2\rc=3', { a: '1', b: '2', c: '3' }],
  ['# a=1\n! b=2\n\n  # c=3\nd=4#5', { d: '4#5' }],
  ['server.1=zk\\:1\\=2', { 'server.1': 'zk:1=2' }],
  ['a\\ b\\:c\\=d=1', { 'a b:c=d': '1' }],
  ['path=C:\\\\data\\tx', { path: 'C:\\data\tx' }],
  ['a=\\u0041\\u00e9\\q', { a: 'Aéq' }],
  ['a=1,\\\n   2,\\\n\t3\nb=4', { a: '1,2,3', b: '4' }],
  ['a=1\\\\\nb=2', { a: '1\\', b: '2' }],
  ['a=1\\\n# no comment\nb=2', { a: '1# no comment', b: '2' }],
  ['a=1\\', { a: '1' }],
])('%j means %j', (text, expected) => {
  expect(read(text)).toEqual(expected)
})

test.each(['a=\\u12', 'a=\\uwxyz', '\\u=1'])('%j is malformed', (text) => {
  expect(() => read(text)).toThrow(new ConfigError('Malformed \\uxxxx encoding.'))
})
