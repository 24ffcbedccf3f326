import { describe, expect, test } from 'vitest'
import { nameOf, parentOf, validatePath } from '../../../src/core/tree/paths.ts'

describe('a path is refused in the words of ZooKeeper:', () => {
  const wrapped = (path: string, why: string): [string, string] => [
    path,
    `Invalid path string "${path}" caused by ${why}`,
  ]
  test.each<[string | null, string]>([
    [null, 'Path cannot be null'],
    ['', 'Path length must be > 0'],
    ['a', 'Path must start with / character'],
    ['a/', 'Path must start with / character'],
    ['//', 'Path must not end with / character'],
    ['/a/', 'Path must not end with / character'],
    wrapped('/a\0b', 'null character not allowed @2'),
    wrapped('//a', 'empty node name specified @1'),
    wrapped('/a//b', 'empty node name specified @3'),
    wrapped('/.', 'relative paths not allowed @1'),
    wrapped('/./a', 'relative paths not allowed @1'),
    wrapped('/a/.', 'relative paths not allowed @3'),
    wrapped('/..', 'relative paths not allowed @2'),
    wrapped('/a/../b', 'relative paths not allowed @4'),
    wrapped('/a\x01', 'invalid character @2'),
    wrapped('/a\x1f', 'invalid character @2'),
    wrapped('/a\x7f', 'invalid character @2'),
    wrapped('/a\x9f', 'invalid character @2'),
    wrapped('/😀', 'invalid character @1'),
    wrapped('/a\uf8ffb', 'invalid character @2'),
    wrapped('/a\ufff0', 'invalid character @2'),
    // The first thing that is wrong.
    wrapped('/a/./\x01', 'relative paths not allowed @3'),
  ])('%j', (path, problem) => {
    expect(validatePath(path)).toBe(problem)
  })

  test.each([
    '/',
    '/a',
    '/a/b',
    '/...',
    '/a..',
    '/..a',
    '/.a',
    '/a.b/c.',
    '/ ',
    '/\x20',
    '/ünicöde-日本',
    '/\ud7ff\uf900',
    '/\uffef',
    '/\xa0',
  ])('but not %j', (path) => {
    expect(validatePath(path)).toBeUndefined()
  })
})

test('the parent of a first level node is the root, which is named "" in the tree', () => {
  expect(['/a/b', '/a', '/', 'a'].map(parentOf)).toEqual(['/a', '', '', undefined])
  expect(['/a/b', '/a', '/'].map(nameOf)).toEqual(['b', 'a', ''])
})
