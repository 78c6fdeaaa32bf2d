--- The manifest: listen, connect, and the two forms of read and of write.
local dropped = "A true value from fn keeps the watcher, anything else drops it; an explicit :add "
  .. "or :delete inside fn wins over what it returns. While fn waits, it is not called again."

return {
  name = "network",
  title = "Servers, clients, bytes",
  entries = {
    {
      name = "listen",
      signature = "listen(address [, options] [, handler])",
      summary = "Opens a listener.",
      args = {
        { name = "address", type = "integer|string",
          text = "where to listen, see Addresses; port 0 takes any that is free" },
        { name = "options", type = "listen_options?" },
        { name = "handler", type = "fun(conn: connection)?", text = "runs as a task for each "
          .. "connection; anything with __call will do; without one, listener:accept waits" },
      },
      options = "listen",
      results = "the listener, or for udp the socket; or nil, message, code",
      returns = { "listener|socket|nil listener", "string? message", "string? code" },
      errors = {
        { "EADDRINUSE", "somebody else listens there" },
        { "EADDRNOTAVAIL", "the host is not an address of this machine" },
        { "EACCES", "the port or the path is not ours to take" },
        { "EDNS", "the host is no number, and neither localhost nor in the hosts file" },
        { "ETLS", "a certificate or key of `tls` is not good" },
        { "ENOENT", "the service name, or the directory of the path, does not exist" },
      },
      waits = false,
      text = [[
When the handler returns, its connection is finished: what is queued goes out, then it closes;
unless hooks were set with connection:on, a task of connection:spawn lives, or a task waits on
it. When the handler fails, a traceback is printed and its connection closed; the server goes on.

With "udp://" the handler is called as handler(sock, data, from) for each datagram, with its whole
size as a fourth value if it was longer than `read_size` and has been cut. sock:send(from, data)
answers. A call that waits does not hold up the next; at most `max_tasks` are under way. One that
fails costs its datagram only. Without a handler socket:read waits.

`proxy_protocol` believes whoever connects: use it where only the proxy can. What is no header
costs its connection, and is told.

Listening again on an address of our own swaps handler and options; the socket and its clients
stay (reuseport=true opens one more socket instead).]],
      example = [[
srv = listen(0, function(c) for line in c:lines() do c:write(line:upper(), "\n") end end)
c = connect(srv.address)
c:write("hello\n")
print(c:read "l")                   --> HELLO]],
    },
    {
      name = "connect",
      signature = "connect(address [, options] [, handler])",
      summary = "Connects to an address.",
      args = {
        { name = "address", type = "integer|string", host = true, text = "where to, see Addresses; "
          .. "a number is a port of this machine" },
        { name = "options", type = "connect_options?" },
        { name = "handler", type = "fun(conn?: connection, message?: string, code?: string)?",
          text = "runs as a task, once: with the connection, or with nil, message, code" },
      },
      options = "connect",
      results = "the connection, at once still connecting if there is a handler; for udp the "
        .. "socket; or nil, message, code",
      returns = { "connection|socket|nil conn", "string? message", "string? code" },
      errors = {
        { "ECONNREFUSED", "nobody listens there" },
        { "ETIMEDOUT", "no answer within `timeout`" },
        { "EHOSTUNREACH", "there is no way to the host" },
        { "EDNS", "the host is unknown" },
        { "ETLS", "the handshake failed, or the server's certificate is not good" },
        { "ENOENT", "the service name, or the socket's path, does not exist" },
      },
      waits = "only without a handler",
      text = [[
With "udp://" it returns a socket that sends to one peer and hears from nobody else; only a name
is waited for, since nobody answers a connect, and there is no handler.

What is written before the connection is up is sent once it is. When the handler returns, its
connection is finished as a listener's is.

With `reconnect` it is the same connection through all losses: its id, options and hooks stay, its
timers and tasks end, and the handler runs anew each time it is connected. What ends it for good is
ours: close, finish, a handler that returns before the peer's end. While it waits, reads and writes
fail as after any loss, and state, attempts and failure tell how it is.]],
      example = [[
srv = listen(0, function(c) c:write("welcome\n") end)
c = assert(connect(srv.address, { timeout = 5 }))
print(c:read "l")                   --> welcome
c = connect(srv.address, { reconnect = { delay = 1, max = 30, factor = 2 } }, function(c)
  for line in c:lines() do print(line) end
end)]],
    },
    {
      name = "read",
      signature = "read(conn [, what [, options]])",
      summary = "Reads from a connection, as connection:read does.",
      args = {
        { name = "conn", type = "connection" },
        { name = "what", type = 'integer|"l"|"L"|"a"?',
          text = [[absent = what is there, n = exactly n bytes, "l" = a line without its end, ]]
            .. [["L" = with it, "a" = all up to the end]] },
        { name = "options", type = "read_options?" },
      },
      options = "read",
      results = "the bytes; nil at the end of the stream; or nil, message, code",
      returns = { "string? bytes", "string? message", "string? code" },
      errors = {
        { "EOF", "the stream ended inside n bytes; what came stays for connection:take" },
        { "EMSGSIZE", "more than `max` or `max_line` would be needed; the bytes stay" },
        { "ETIMEDOUT", "not complete within `timeout`; the bytes stay" },
        { "ECLOSED", "the connection was closed here" },
        { "ECONNRESET", "the peer reset it" },
      },
      waits = true,
      example = [[
srv = listen(0, function(c) c:write("one\ntwo\n") end)
c = connect(srv.address)
print(read(c, "l"), read(c, 3))     --> one    two]],
    },
    {
      name = "read",
      signature = "read(x, fn, ...)",
      summary = "Calls a function when something is readable.",
      args = {
        { name = "x", type = "integer|file*|connection|listener|socket", text = "a descriptor's "
          .. "number, a Lua file, a connection, a listener or a socket" },
        { name = "fn", type = "fun(...): boolean?", text = "called as fn(...), as a task" },
        { name = "...", type = "any", text = "given to fn" },
      },
      results = "the watcher; or nil, message, code",
      returns = { "watcher? watcher", "string? message", "string? code" },
      errors = { { "EBADF", "the descriptor is not open" } },
      waits = false,
      text = dropped .. " A connection is readable when connection:read would not wait: bytes are "
        .. "buffered, or it has ended or failed. A regular file is always readable.",
      example = [[
srv = listen(0, function(c) c:write("ping") end)
c = connect(srv.address)
read(c, function(prefix) print(prefix, c:take()) end, "got")
sleep(0.1)                          --> got    ping]],
    },
    {
      name = "write",
      signature = "write(conn, ...)",
      summary = "Queues strings to be sent, as connection:write does.",
      args = {
        { name = "conn", type = "connection" },
        { name = "...", type = "string|number", text = "sent in this order" },
      },
      results = "true; or nil, message, code",
      returns = { "true? ok", "string? message", "string? code" },
      errors = {
        { "ECLOSED", "the connection was closed here" },
        { "ETIMEDOUT", "the peer took too little within `timeout`" },
        { "EPIPE", "the peer takes no more" },
        { "ECONNRESET", "the peer reset the connection" },
      },
      waits = "only while more than `high_water` is queued",
      example = [[
srv = listen(0, function(c) print(c:read "l") end)
c = connect(srv.address)
write(c, "answer: ", 42, "\n")
sleep(0.1)                          --> answer: 42]],
    },
    {
      name = "write",
      signature = "write(x, fn, ...)",
      summary = "Calls a function when something is writable.",
      args = {
        { name = "x", type = "integer|file*|connection|socket", text = "a descriptor's number, a "
          .. "Lua file, a connection or a socket" },
        { name = "fn", type = "fun(...): boolean?", text = "called as fn(...), as a task" },
        { name = "...", type = "any", text = "given to fn" },
      },
      results = "the watcher; or nil, message, code",
      returns = { "watcher? watcher", "string? message", "string? code" },
      errors = { { "EBADF", "the descriptor is not open" } },
      waits = false,
      text = dropped .. " A connection is writable when connection:write would not wait.",
      example = [[
srv = listen(0, function(c) sleep(0.1) end)
c = connect(srv.address)
write(c, function() print "writable" end)
sleep(0.1)                          --> writable]],
    },
    {
      name = "except",
      signature = "except(x, fn, ...)",
      summary = "Calls a function when out-of-band data has come.",
      args = {
        { name = "x", type = "integer|file*|connection", text = "a descriptor's number, a Lua "
          .. "file or a connection" },
        { name = "fn", type = "fun(...): boolean?", text = "called as fn(...), as a task" },
        { name = "...", type = "any", text = "given to fn" },
      },
      results = "the watcher; or nil, message, code",
      returns = { "watcher? watcher", "string? message", "string? code" },
      errors = { { "EBADF", "the descriptor is not open" } },
      waits = false,
      text = dropped,
      example = [[
srv = listen(0, function(c) c:read() end)
c = connect(srv.address)
w = except(c, function() print "urgent" end)
print(w:pending())                  --> true
w:delete()]],
    },
    {
      name = "wait",
      signature = "wait(x [, what [, seconds]])",
      summary = "Waits until something is readable or writable.",
      args = {
        { name = "x", type = "integer|file*|connection|listener|socket", text = "whatever read(x, fn) "
          .. "takes" },
        { name = "what", type = '"r"|"w"|"rw"?', default = '"r"' },
        { name = "seconds", type = "number?", unit = "seconds", default = "no limit" },
      },
      results = '"r", "w" or "rw", whatever is so; false when the time is over; or nil, message, '
        .. "code",
      returns = { "string|false|nil what", "string? message", "string? code" },
      errors = { { "EBADF", "the descriptor is not open" } },
      waits = true,
      text = "Only the calling task waits. At the end of a stream, or after a failure, it returns "
        .. "at once.",
      example = [[
srv = listen(0, function(c) sleep(0.05) c:write("x") end)
c = connect(srv.address)
print(wait(c, "r", 0.01), wait(c, "r", 1))   --> false    r]],
    },
    {
      name = "pool",
      signature = "pool(address [, options])",
      options_like = "connect",
      summary = "Makes a pool of connections to one address.",
      args = {
        { name = "address", type = "string|integer", host = true },
        { name = "options", type = "table?", text = "max: how many connections there are at most "
          .. "(10); the others are those of connect" },
      },
      results = "the pool; no connection is opened yet",
      returns = { "table pool" },
      waits = false,
      text = [=[
    pool:get([seconds])   a connection that nobody else has; waits while `max`
                          are lent, and for it to be opened, at most 60 s:
                          nil, message, "ETIMEDOUT"
    pool:put(conn)        gives it back; false if it was not lent
    pool:close()          closes what is idle; what is lent, when it comes back

`local c <close> = pool:get()` gives it back at the end of the block; if the block ends with an error it
is closed instead. One that has ended, or has bytes nobody has read, is closed and its place free. Idle
connections keep no program going.]=],
      example = [[
srv = listen(0, function(c) for line in c:lines() do c:write(line:upper(), "\n") end end)
p = pool(srv.address, { max = 2 })
for _, word in ipairs { "one", "two" } do
  local c <close> = p:get(5)
  c:write(word, "\n")
  print(c:read "l", srv.accepted)   --> ONE 1
end                                 --> TWO 1
p:close()]],
    },
  },
}
