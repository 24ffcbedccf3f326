"""A session with all that kazoo has, against the server named on the command line."""
import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError, NoAuthError, NodeExistsError, NoNodeError, NotEmptyError
from kazoo.security import make_digest_acl

client = KazooClient(sys.argv[1])
client.start(10)
assert client.create('/k', b'1') == '/k'
assert client.create('/k/seq-', b'', sequence=True) == '/k/seq-0000000000'
assert client.create('/k/gone', b'', ephemeral=True) == '/k/gone'
assert client.ensure_path('/k/deep/er')
data, stat = client.get('/k')
assert (data, stat.version, stat.numChildren) == (b'1', 0, 3)
assert client.set('/k', b'2', version=0).version == 1
assert sorted(client.get_children('/k')) == ['deep', 'gone', 'seq-0000000000']
assert client.exists('/nosuch') is None


def refused(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except error:
        return
    raise AssertionError('expected %s' % error.__name__)


refused(NodeExistsError, client.create, '/k')
refused(NoNodeError, client.get, '/nosuch')
refused(NotEmptyError, client.delete, '/k')
refused(BadVersionError, client.set, '/k', b'', version=7)

seen = threading.Event()
client.get('/k', watch=lambda event: seen.set())
client.set('/k', b'3')
assert seen.wait(10)

transaction = client.transaction()
transaction.create('/k/t', b't')
transaction.set_data('/k/t', b'u')
transaction.check('/k/t', 1)
transaction.delete('/k/t')
results = transaction.commit()
assert results[0] == '/k/t' and results[1].version == 1 and results[3] is True, results
transaction = client.transaction()
transaction.create('/k/never', b'')
transaction.check('/k', 99)
assert [type(result).__name__ for result in transaction.commit()] == ['RolledBackError', 'BadVersionError']
assert client.exists('/k/never') is None

client.create('/locked', b'secret', acl=[make_digest_acl('user', 'password', all=True)])
refused(NoAuthError, client.get, '/locked')
client.add_auth('digest', 'user:password')
assert client.get('/locked')[0] == b'secret'
assert client.get_acls('/locked')[0][0].id.scheme == 'digest'
assert client.sync('/k') == '/k'

lock = client.Lock('/lock', 'me')
with lock:
    assert lock.contenders() == ['me']
counter = client.Counter('/counter')
counter += 2
counter -= 1
assert counter.value == 1
queue = client.Queue('/queue')
queue.put(b'first')
queue.put(b'second')
assert (queue.get(), queue.get()) == (b'first', b'second')

session = client.client_id
client.delete('/k', recursive=True)
client.stop()
client.close()
other = KazooClient(sys.argv[1])
other.start(10)
assert other.client_id != session
assert other.exists('/k') is None
other.stop()
print('all is well')
