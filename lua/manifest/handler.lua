--- The manifest: the module handler.
local class_argument = { name = "class", type = "table?",
  text = "its functions; what it has not is as below" }

return {
  name = "handler",
  module = "handler",
  title = "The module handler",
  entries = {
    {
      name = "handler.new",
      signature = "handler.new(label, x [, class])",
      summary = "Makes a handler of anything that can be watched.",
      args = { { name = "label", type = "string", text = "its name in the log" },
        { name = "x", type = "integer|file*|connection|listener|socket",
          text = "what read(x, fn) takes" },
        class_argument },
      results = "the handler",
      returns = { "table handler" },
      waits = false,
      text = [[
A class is a table of functions; all may be left out but the first:

    handler:read_callback()          it is readable
    handler:write_callback()         it is writable
    handler:exceptional_callback()   out-of-band data; destroys it if left out
    handler:is_readable()            asked before each sleep; true if left out
    handler:is_writable(), handler:is_exceptional()   false if left out
    handler:destroyed_callback()     destroy was called

Every handler, those of the functions below as well, has

    handler:timeout(label, seconds, fn)   a timer that dies with it
    handler:destroy()                     ends it, and closes what it handles;
                                          a second time raises
    handler:error(...)                    to the log, with its label in front;
                                          and warn, info, debug, debug2
    handler.label, handler.dead

A descriptor that is a bare number stays open: who opened it closes it.]],
      example = [[
local handler = require "handler"
srv = listen(0, function(c) c:write "ping" c:read() end)
h = handler.new("demo", connect(srv.address), {
  read_callback = function(self) print(self.label, self.x:take()) self:destroy() end })
sleep(0.1)                          --> demo    ping]],
    },
    {
      name = "handler.tcp_listener",
      signature = "handler.tcp_listener(address, class [, options])",
      options_like = "listen",
      summary = "Opens a listener whose connections each have a handler.",
      args = { { name = "address", type = "integer|string" },
        { name = "class", type = "table", text = "its functions" },
        { name = "options", type = "table?", text = "those of listen" } },
      results = "the listener; or nil, message, code as from listen",
      returns = { "listener? listener", "string? message", "string? code" },
      errors = { { "EADDRINUSE", "somebody else listens there; and what else listen fails with" } },
      waits = false,
      text = [[
    handler:connected_callback()   at the beginning
    handler:recv_callback(latest)  bytes have come; all that came gathers in
                                   handler.recv_buf, which the program drains
    handler:shutdown_callback()    the peer sends no more; if left out, destroys
    handler:send_callback(n)       n bytes have left
    handler:send(data)             queues bytes, never waits
    handler.connection             the connection

What goes wrong is a warning in the log, and destroys the handler.]],
      example = [[
local handler = require "handler"
srv = handler.tcp_listener("127.0.0.1:0", {
  recv_callback = function(self, latest) self:send(latest:upper()) end })
c = connect(srv.address)
c:write "hello"
print(c:read(5))                    --> HELLO]],
    },
    {
      name = "handler.serve",
      signature = "handler.serve(address, class [, options])",
      options_like = "listen",
      summary = "Opens such a listener and runs the loop.",
      args = { { name = "address", type = "integer|string" }, { name = "class", type = "table" },
        { name = "options", type = "table?", text = "those of listen" } },
      results = "what dispatch returns; or nil, message, code",
      returns = { '"empty"|"abort"|nil how', "string? message", "string? code" },
      errors = { { "EADDRINUSE", "somebody else listens there" },
        { "EBUSY", "a dispatch is in progress" } },
      waits = true,
      example = [[
local handler = require "handler"
timeout(0.05, abort)
print(handler.serve("127.0.0.1:0", { recv_callback = function(self, latest) end }))   --> abort]],
    },
    {
      name = "handler.tcp_client",
      signature = "handler.tcp_client(address, class [, options])",
      options_like = "connect",
      summary = "Makes a handler that connects.",
      args = { { name = "address", type = "integer|string" }, { name = "class", type = "table" },
        { name = "options", type = "table?", text = "those of connect" } },
      results = "the handler, at once",
      returns = { "table handler" },
      waits = false,
      text = [[
    handler:connection_callback(ok, message, code)

tells that it is connected; or that it is not, and is destroyed when this returns.

For the rest see handler.tcp_listener. What is sent before it is connected leaves then. A limit for
connecting is a timeout of its own: `h:timeout("connect", 5, function() h:destroy() end)`.]],
      example = [[
local handler = require "handler"
srv = listen(0, function(c) c:pipe(c) end)
h = handler.tcp_client(srv.address, {
  connection_callback = function(self, ok) print(ok) end,
  recv_callback = function(self, latest) print(latest) self:destroy() end })
h:send "hello"
sleep(0.1)
--> true
--> hello]],
    },
    {
      name = "handler.udp",
      signature = "handler.udp(address, class [, label])",
      summary = "Makes a handler of datagrams, for servers and clients.",
      args = { { name = "address", type = "integer|string", text = "its own; a client takes port 0" },
        { name = "class", type = "table" }, { name = "label", type = "string?", default = "the address" } },
      results = "the handler; or nil, message, code as from listen",
      returns = { "table? handler", "string? message", "string? code" },
      errors = { { "EADDRINUSE", "somebody else has the address; and what else listen fails with" } },
      waits = false,
      text = [[
    handler:recv_callback(from, datagram)
    handler:sendto(address, datagram)   in order; what cannot be sent is
                                        a warning, and dropped
    handler.address                     its own, with the real port]],
      example = [[
local handler = require "handler"
h = handler.udp("127.0.0.1:0", {
  recv_callback = function(self, from, datagram) self:sendto(from, datagram:reverse()) end })
sock = connect(h.address)
sock:send "abc"
print((sock:read()))                --> cba
h:destroy()]],
    },
    {
      name = "handler.timeout",
      signature = "handler.timeout(label, seconds, fn)",
      summary = "Makes a timer that runs once and that nobody owns.",
      args = { { name = "label", type = "string" }, { name = "seconds", type = "number", unit = "seconds" },
        { name = "fn", type = "fun(task: table)" } },
      results = "the timer",
      returns = { "table task" },
      waits = false,
      text = [[
    task:restart()        again with the time it has, from within fn as well
    task:reset(seconds)   again with another
    task:cancel()         true if it had not run
    task:alive()          whether it will run
    task:remaining()      seconds, never negative, cancelled or not

One of handler:timeout raises in each of these once its handler was destroyed.]],
      example = [[
local handler = require "handler"
local count = 0
handler.timeout("tick", 0.01, function(task)
  count = count + 1
  print("tick", count)
  if count < 3 then task:restart() end
end)
sleep(0.1)
--> tick 1
--> tick 2
--> tick 3]],
    },
  },
}
