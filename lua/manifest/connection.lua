--- The manifest: connections.
local failures = {
  { "ECLOSED", "the connection was closed here" },
  { "ECONNRESET", "the peer reset it" },
}

local read_failures = {
  { "EMSGSIZE", "more than the limit would be needed; the bytes stay" },
  { "ETIMEDOUT", "not complete within `timeout`; the bytes stay" },
  failures[1], failures[2],
}

local write_failures = {
  { "EPIPE", "the peer takes no more" },
  { "ETIMEDOUT", "the peer took too little within `timeout`" },
  failures[1], failures[2],
}

local ok = { "true? ok", "string? message", "string? code" }

local connection = {
  class = "connection",
  aliases = { "conn", "c" },
  title = "Connections",
  summary = "A stream of bytes to a peer: what connect returns and handlers are given.",
  text = [[
`local c <close> = connect(address)` closes it at the end of the block. A connection that only a
variable holds is closed when it is collected. tostring tells state, peer and bytes at a glance.
One to "ws://" or "wss://" has messages instead of bytes, see WebSockets.

Its state is "connecting", "handshake" (of TLS), "waiting" (for the next attempt, see the option
reconnect), "open",
"half-closed" (by the peer), "shut down" (by us), "ended" (by both), "closing" (of a WebSocket: its
Close frame has left), "finishing", "closed" or "failed".]],
  methods = {
    {
      name = "read",
      signature = "connection:read([what [, options]])",
      summary = "Reads what is there, a number of bytes, a line, or everything.",
      args = {
        { name = "what", type = 'integer|"l"|"L"|"a"?',
          text = [[absent = what is there, n = exactly n bytes, "l" = a line without its end, ]]
            .. [["L" = with it, "a" = all up to the end]] },
        { name = "options", type = "read_options?" },
      },
      options = "read",
      results = "the bytes; nil at the end of the stream; or nil, message, code",
      returns = { "string? bytes", "string? message", "string? code" },
      errors = {
        { "EOF", "the stream ended inside n bytes, or a value; what came stays for connection:take" },
        { "EPROTO", "with frame \"json\" or \"xml\": what came is none" },
        table.unpack(read_failures),
      },
      waits = true,
      text = "With connection:frame set it returns one message, of kind json its value. One task at a "
        .. "time reads: a second one raises, and so does reading while a data hook is set.",
      example = [[
srv = listen(0, function(c) c:write("3\nabc rest") end)
c = connect(srv.address)
local size = tonumber(c:read "l")
print(c:read(size), c:read "a")     --> abc     rest]],
    },
    {
      name = "lines",
      signature = "connection:lines([what])",
      summary = "Iterates over the lines, or over what else read would return.",
      args = { { name = "what", type = 'integer|"l"|"L"?', default = '"l"', text = "as in read" } },
      results = "an iterator for the generic for",
      returns = { "fun(conn: connection): string iterator", "connection conn" },
      waits = "in each step of the loop",
      text = "It ends at the end of the stream, at a failure, or at a line longer than `max_line`; "
        .. "then connection.failure tells why. A last line without its end is delivered.",
      example = [[
srv = listen(0, function(c) c:write("one\ntwo\n") end)
for line in connect(srv.address):lines() do print(line) end
--> one
--> two]],
    },
    {
      name = "read_until",
      signature = "connection:read_until(delimiter [, options])",
      summary = "Reads up to a delimiter, which is dropped.",
      args = {
        { name = "delimiter", type = "string", text = "not empty; taken as it is" },
        { name = "options", type = "read_until_options?" },
      },
      options = "read_until",
      results = "the bytes before it; nil at the end of the stream; or nil, message, code",
      returns = { "string? bytes", "string? message", "string? code" },
      errors = {
        { "EOF", "the stream ended before the delimiter; what came stays for connection:take" },
        table.unpack(read_failures),
      },
      waits = true,
      example = [[
srv = listen(0, function(c) c:write("key: value\r\n\r\n") end)
c = connect(srv.address)
print(c:read_until ": ", c:read_until "\r\n")   --> key    value]],
    },
    {
      name = "take",
      signature = "connection:take([n])",
      summary = "Takes what is buffered, never waiting.",
      args = { { name = "n", type = "integer?", unit = "bytes", default = "all",
        text = "at most so many" } },
      results = 'the bytes, "" if there are none',
      returns = { "string bytes" },
      waits = false,
      example = [[
srv = listen(0, function(c) c:write("hello") end)
c = connect(srv.address)
sleep(0.1)
print(c:take(4), c:take())          --> hell    o]],
    },
    {
      name = "peek",
      signature = "connection:peek([n])",
      summary = "Shows what is buffered without taking it, never waiting.",
      args = { { name = "n", type = "integer?", unit = "bytes", default = "all",
        text = "at most so many" } },
      results = 'the bytes, "" if there are none',
      returns = { "string bytes" },
      waits = false,
      example = [[
srv = listen(0, function(c) c:write("hello") end)
c = connect(srv.address)
sleep(0.1)
print(c:peek(1), c:read(5))         --> h    hello]],
    },
    {
      name = "unread",
      signature = "connection:unread(data)",
      summary = "Puts bytes back, to be read next.",
      args = { { name = "data", type = "string" } },
      results = "true; or nil, message, code",
      returns = ok,
      errors = { failures[1] },
      waits = false,
      example = [[
srv = listen(0, function(c) c:write("world") end)
c = connect(srv.address)
c:unread("hello ")
print(c:read(11))                   --> hello world]],
    },
    {
      name = "write",
      signature = "connection:write(...)",
      summary = "Queues strings to be sent, in this order.",
      args = { { name = "...", type = "string|number" } },
      results = "true; or nil, message, code",
      returns = ok,
      errors = write_failures,
      waits = "only while more than `high_water` is queued",
      text = "What a task writes before it waits leaves together.",
      example = [[
srv = listen(0, function(c) print(c:read "l") end)
c = connect(srv.address)
c:write("answer: ", 42, "\n")
sleep(0.1)                          --> answer: 42]],
    },
    {
      name = "flush",
      signature = "connection:flush([options])",
      summary = "Waits until all that is queued has left.",
      args = { { name = "options", type = "flush_options?" } },
      options = "flush",
      results = "true; or nil, message, code",
      returns = ok,
      errors = write_failures,
      waits = true,
      example = [[
srv = listen(0, function(c) c:read "a" end)
c = connect(srv.address)
c:write(("x"):rep(100000))
print(c:flush(), c.queued)          --> true    0]],
    },
    {
      name = "finish",
      signature = "connection:finish([data])",
      summary = "Sends what is queued, then data, then closes.",
      args = { { name = "data", type = "string?" } },
      results = "true; or nil, message, code",
      returns = ok,
      errors = { failures[1] },
      waits = false,
      example = [[
srv = listen(0, function(c) c:finish("bye\n") end)
c = connect(srv.address)
print(c:read "l", c:read())         --> bye    nil]],
    },
    {
      name = "close",
      signature = "connection:close([status [, reason]])",
      summary = "Closes at once.",
      args = {
        { name = "status", type = "integer?", default = "1000", text = "of a WebSocket: 1000 to "
          .. "1014, but not 1004 to 1006, or 3000 to 4999" },
        { name = "reason", type = "string?", text = "for the peer of a WebSocket: at most 123 "
          .. "bytes" },
      },
      results = "true; false if it was closed already",
      returns = { "boolean closed" },
      waits = false,
      text = "What the kernel does not take at once is lost: connection:finish sends it first. "
        .. "Waiting reads and writes return nil, message, \"ECLOSED\"; timers and tasks of the "
        .. "connection end. A WebSocket sends what is queued and its Close frame, and waits in the "
        .. "background for the peer's, at most for `close_timeout`.",
      example = [[
srv = listen(0, function(c) c:read() end)
c = connect(srv.address)
print(c:close(), c:close())         --> true    false]],
    },
    {
      name = "shutdown",
      signature = "connection:shutdown()",
      summary = "Ends our direction when what is queued has left; reading goes on.",
      results = "true; or nil, message, code",
      returns = ok,
      errors = failures,
      waits = false,
      example = [[
srv = listen(0, function(c) c:write(#c:read "a") end)
c = connect(srv.address)
c:write("12345")
c:shutdown()
print(c:read "a")                   --> 5]],
    },
    {
      name = "abort",
      signature = "connection:abort()",
      summary = "Resets the connection: everything queued is lost, the peer gets an error.",
      results = "true; false if it was closed already",
      returns = { "boolean closed" },
      waits = false,
      example = [[
srv = listen(0, function(c) print(select(3, c:read())) end)
c = connect(srv.address)
sleep(0.05)
c:abort()
sleep(0.05)                         --> ECONNRESET]],
    },
    {
      name = "starttls",
      signature = "connection:starttls([options])",
      summary = "Goes on with TLS from here on.",
      args = { { name = "options", type = "tls_options?", text = "as in the option `tls` of "
        .. "listen and connect, see TLS" } },
      options = "tls",
      results = "the connection; or nil, message, code, and then it is closed",
      returns = { "connection? conn", "string? message", "string? code" },
      errors = {
        { "ETLS", "the handshake failed, or the peer's certificate is not good" },
        { "EPROTO", "bytes that came before have not been read: they may be somebody else's; "
          .. "nothing has happened" },
        { "ETIMEDOUT", "the handshake did not end within `timeout`" },
        { "EINVAL", "it has TLS already, or one direction has ended" },
        failures[1], failures[2],
      },
      waits = true,
      text = "What was written before leaves as it is. A connection that was accepted has the "
        .. "server's part, one that connected the client's.",
      example = [[
srv = listen(0, function(c)
  if c:read "l" == "STARTTLS" then c:write "go\n" assert(c:starttls()) end
  c:write("your secret\n")
end)
c = connect(srv.address)
c:write("STARTTLS\n")
c:read "l"
c:starttls { server_name = "localhost" }
print(c.tls.version, c:read "l")    --> TLSv1.3    your secret]],
    },
    {
      name = "pipe",
      signature = "connection:pipe(other [, options])",
      summary = "Sends all that comes to another connection, up to the end.",
      args = { { name = "other", type = "connection" },
        { name = "options", type = "pipe_options?" } },
      options = "pipe",
      results = "the number of bytes; or nil, message, code",
      returns = { "integer? bytes", "string? message", "string? code" },
      errors = write_failures,
      waits = true,
      text = "At the end of the stream the direction to the other is ended as well. The slower "
        .. "side sets the pace. Where much comes, the kernel moves it from socket to socket. When "
        .. "the time is over both go on, and what comes from then on can be read.",
      example = [[
srv = listen(0, function(c) c:pipe(c) end)   -- an echo
c = connect(srv.address)
c:write("again\n")
print(c:read "l")                   --> again]],
    },
    {
      name = "frame",
      signature = "connection:frame(kind)",
      summary = "Cuts the stream into messages from here on.",
      args = { { name = "kind", type = '"line"|"json"|"xml"|integer|nil',
        text = '"line", "json", "xml", or n for messages of n bytes, 1 GiB at most; nil for none' } },
      results = "the connection",
      returns = { "connection conn" },
      waits = false,
      text = [[
read and data hooks then get one message at a time, lines without their end. Bytes already
buffered count.

With "json" they get values as json.decode makes them. Values stand one behind the other, with or
without blanks or newlines between them; one may go over many lines, and be as long as max_line. A
number, true, false or null ends with what follows it. null is json.null, so that nil is still the end. What
is no JSON gives nil, message, "EPROTO" to read, and is gone then; a data hook's connection fails
with it. write takes strings, as ever: `c:write(json.encode(value), "\n")`.

With "xml" they get elements in the same way, as { name =, attributes = {name = value}, children = {} }:
a child is another one, or text. Blanks, comments and instructions between elements are passed over;
document types are refused, and so entities but the five of XML.]],
      example = [[
srv = listen(0, function(c) c:write("one\ntwo\n", '{"three": 3}\n[4]') end)
c = connect(srv.address)
c:frame("line")
print(c:read(), c:read())           --> one    two
c:frame("json")
print(c:read().three, c:read()[1])  --> 3      4]],
    },
    {
      name = "on",
      signature = "connection:on(hooks)",
      summary = "Sets functions to be called when something happens.",
      args = { { name = "hooks", type = "hooks_options", text = "false takes a hook away, the "
        .. "others stay as they are" } },
      options = "hooks",
      results = "the connection",
      returns = { "connection conn" },
      waits = false,
      text = "Hooks run as tasks, one at a time for each connection: one that waits holds back "
        .. "the next call. One that fails costs its connection.",
      example = [[
srv = listen(0, function(c)
  c:on { data = function(c, bytes) c:write(bytes:upper()) end,
         close = function(c, reason) print("closed", reason) end }
end)
c = connect(srv.address)
c:write("loud")
print(c:read(4))
c:close()
sleep(0.1)
--> LOUD
--> closed    eof]],
    },
    {
      name = "set",
      signature = "connection:set(options)",
      summary = "Changes options.",
      args = { { name = "options", type = "set_options" } },
      options = "set",
      results = "the connection; or nil, message, code if the system refuses",
      returns = { "connection? conn", "string? message", "string? code" },
      errors = { { "EINVAL", "the system does not take the value" }, failures[1] },
      waits = false,
      example = [[
srv = listen(0, function(c) c:read() end)
c = connect(srv.address)
c:set { nodelay = false, high_water = 65536 }
print(c:get "high_water")           --> 65536]],
    },
    {
      name = "get",
      signature = "connection:get(name)",
      summary = "Tells the value of an option.",
      args = { { name = "name", type = "string", text = "one that connection:set takes" } },
      results = "the value in force, which the system may have rounded; nil if there is none",
      returns = { "any value", "string? message", "string? code" },
      errors = { failures[1] },
      waits = false,
      example = [[
srv = listen(0, function(c) c:read() end)
c = connect(srv.address, { recvbuf = 65536 })
print(c:get "recvbuf" >= 65536)     --> true]],
    },
    {
      name = "timeout",
      signature = "connection:timeout(seconds, fn, ...)",
      summary = "Sets a timer that ends with the connection.",
      args = {
        { name = "seconds", type = "number|nil", unit = "seconds" },
        { name = "fn", type = "fun(...): boolean?", text = "called as fn(...), as a task" },
        { name = "...", type = "any", text = "given to fn" },
      },
      results = "the timer",
      returns = { "timer timer" },
      waits = false,
      text = "Otherwise it is as timeout. On a closed connection it raises.",
      example = [[
srv = listen(0, function(c)
  c:timeout(0.01, function() c:write("tick\n"); return true end)
  c:read()
end)
c = connect(srv.address)
print(c:read "l")                   --> tick
c:close()]],
    },
    {
      name = "spawn",
      signature = "connection:spawn(fn, ...)",
      summary = "Starts a task that is cancelled when the connection ends.",
      args = {
        { name = "fn", type = "function", text = "called as fn(...)" },
        { name = "...", type = "any", text = "given to fn" },
      },
      results = "the task",
      returns = { "task task" },
      waits = false,
      text = "task:detach lets it live on. An error in it costs the connection.",
      example = [[
srv = listen(0, function(c)
  c:spawn(function() while true do c:write("beat\n"); sleep(0.01) end end)
  c:read()
end)
c = connect(srv.address)
print(c:read "l")                   --> beat
c:close()]],
    },
    {
      name = "log",
      signature = "connection:log(level, ...)",
      summary = "Writes a line to the log that begins with the connection's peer.",
      args = {
        { name = "level", type = '"error"|"warn"|"info"|"debug"|"debug2"' },
        { name = "...", type = "any", text = "joined by blanks" },
      },
      waits = false,
      text = "Once the module log is loaded it is that log, with its level, file and whatever else.",
      example = [[
srv = listen(0, function(c) c:log("info", "here you are") end)
connect(srv.address):read()]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number: conns[id] is the connection." },
    { name = "peer", type = "string?", summary = "The address of the other end." },
    { name = "sock", type = "string?", summary = "The address of this end." },
    { name = "bytes_in", type = "integer", summary = "Bytes received." },
    { name = "bytes_out", type = "integer", summary = "Bytes the kernel has taken to send." },
    { name = "queued", type = "integer", summary = "Bytes written that wait to be sent." },
    { name = "state", type = "string", summary = "Names what it is doing, see above." },
    { name = "opened", type = "number?", summary = "When it was opened, on the clock of now." },
    { name = "attempts", type = "integer",
      summary = "How many attempts to connect have failed in a row (option reconnect)." },
    { name = "tls", type = "connection_tls?",
      summary = "What TLS agreed on, and the peer's certificate; nil without TLS." },
    { name = "failure", type = "connection_failure?",
      summary = "Why it, the last read or attempt failed: a table with message and code, or nil." },
    { name = "fd", type = "integer?", summary = "The descriptor's number; nil when closed." },
  },
  records = {
    { name = "connection_failure", fields = { { name = "message", type = "string" },
      { name = "code", type = "string" } } },
    { name = "connection_tls", fields = { { name = "version", type = "string" },
      { name = "cipher", type = "string" }, { name = "alpn", type = "string?" },
      { name = "server_name", type = "string?" }, { name = "resumed", type = "boolean" },
      { name = "verified", type = "boolean?" }, { name = "peer", type = "certificate?" } } },
    { name = "certificate", fields = { { name = "subject", type = "string" },
      { name = "issuer", type = "string" }, { name = "names", type = "string?" },
      { name = "fingerprint", type = "string" }, { name = "pin", type = "string" },
      { name = "valid_from", type = "integer" }, { name = "expires", type = "integer" },
      { name = "ca", type = "string?" } } },
  },
}

for part, entries in pairs(require "manifest.websocket") do
  table.move(entries, 1, #entries, #connection[part] + 1, connection[part])
end
return connection
