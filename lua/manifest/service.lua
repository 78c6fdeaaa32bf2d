--- The manifest: the module service.
local made = { "table factory" }

local function factory(name, summary, text, example)
  return { name = "service." .. name, signature = ("service.%s(options)"):format(name),
    summary = summary, args = { { name = "options", type = name .. "_options" } }, options = name,
    results = "the factory, not started yet", returns = made, waits = false, text = text,
    example = example }
end

local function by_name(name, summary, example)
  return { name = "service." .. name, signature = ("service:%s(name)"):format(name), summary = summary,
    args = { { name = "name", type = "string" } }, results = "the member, nil if there is none",
    returns = { "any member" }, waits = false, example = example }
end

return {
  name = "service",
  module = "service",
  title = "The module service",
  entries = {
    factory("tcp_server", "Makes a server whose connections each have a protocol.", [[
A protocol is a table of functions, all of which may be left out and may wait; a wait holds up only
their own connection. Each connection has an object of its own that is called:

    protocol:connection_made()
    protocol:data_received(data)            at most recv_buf_size bytes
    protocol:pre_connection_lost(reason)    it is about to close
    protocol:connection_lost(reason)        it is gone, once: "eof", "closed",
                                            "reset", "timeout" or "error"

    recv_buf_size   256, the most bytes of one data_received
    read_deadline   0; seconds within which something must come, or it is lost

Such an object has these functions, and the fields connection, factory, session_id, peer:

    protocol:send_data(...)                 queues strings
    protocol:send_lose([data])              what is queued, data, then it closes
    protocol:close_protocol()               what is queued, then it closes
    protocol:add_inner_task(name, fn, ...)  a task that dies with it; returns it
    protocol:get_inner_task(name)           the task
    protocol:remove_inner_task(name)        the task, which lives on

A factory has start() and stop([grace]); address, the real one once it is started; protocols, a table
whose keys are those that live; and on_notify, which may be assigned. start returns the factory, or nil,
message, code. stop waits at most `grace` seconds (1) for what is queued.]], [[
local service = require "service"
local Echo = {}
function Echo:data_received(data) self:send_data(data) end
srv = service.tcp_server { address = "127.0.0.1:0", protocol = Echo }:start()
c = connect(srv.address)
c:write "hello"
print(c:read(5))                    --> hello
c:close()
srv:stop()]]),
    factory("udp_server", "Makes a server of datagrams, with one protocol for its socket.", [[
It is called as protocol:data_received(data, from), and sends with protocol:send_data(data, to). For the
rest see service.tcp_server.]], [[
local service = require "service"
local Echo = {}
function Echo:data_received(data, from) self:send_data(data:upper(), from) end
srv = service.udp_server { address = "127.0.0.1:0", protocol = Echo }:start()
sock = connect(srv.address)
sock:send "hello"
print((sock:read()))                --> HELLO
srv:stop()]]),
    factory("reconnecting_client", "Makes a client that comes back after a loss.", [[
start begins to connect and returns at once. With a delay it is tried until it works; after a loss once
at once, then after each delay. Every connection has a new protocol, as those of service.tcp_server. stop
ends it for good.]], [[
local service = require "service"
srv = listen(0, function(c) c:write "welcome" c:read() end)
local Greeted = {}
function Greeted:data_received(data) print(data) self:close_protocol() end
client = service.reconnecting_client { address = srv.address, protocol = Greeted, reconnect_delay = 10 }
client:start()
sleep(0.1)                          --> welcome
client:stop()]]),
    factory("web_server", "Makes a server for HTTP and WebSockets on one port.", [[
`app` is what listen("http://...") takes as a handler; without one it greets. app:ws(path, fn) serves
WebSockets. With `log` each answer is a line: the client, the request, status, bytes and seconds.]], [[
local service, http = require "service", require "http"
local app = http.app()
app:get("/", function() return "hello" end)
srv = service.web_server { address = "127.0.0.1:0", app = app }:start()
print(http.get(srv.address).body)   --> hello
srv:stop()]]),
    {
      name = "service.add",
      signature = "service:add(name, member)",
      summary = "Adds a member to the service.",
      args = { { name = "name", type = "string" }, { name = "member", type = "any",
        text = "a factory, a listener, a connection, or anything with start, stop or on_notify" } },
      results = "the member; a name that is taken raises",
      returns = { "any member" },
      waits = false,
      text = "There is one service in a program, and its members keep their order. `service.echo` is the "
        .. "member of that name; `service.echo = x` adds or replaces it, `service.echo = nil` removes it. "
        .. "Names of these functions can be added, but not be indexed.",
      example = [[
local service = require "service"
service:add("demo", { on_notify = print })
service:notify("demo", "hello")     --> hello
service.demo = nil]],
    },
    by_name("get", "Finds a member.", [[
local service = require "service"
print(service:get "nobody")         --> nil]]),
    by_name("remove", "Takes a member out of the service; it goes on as it is.", [[
local service = require "service"
service:add("demo", "anything")
print(service:remove "demo", service:remove "demo")   --> anything    nil]]),
    {
      name = "service.names",
      signature = "service:names()",
      summary = "Lists the names of the members, in order.",
      results = "a list",
      returns = { "string[] names" },
      waits = false,
      example = [[
local service = require "service"
service:add("first", 1)
service:add("second", 2)
print(table.concat(service:names(), " "))   --> first second
service.first, service.second = nil]],
    },
    {
      name = "service.start",
      signature = "service:start()",
      summary = "Starts all members that have a start, in order.",
      results = "true; or nil, message, code if some failed: the others have started",
      returns = { "true? ok", "string? message", "string? code" },
      errors = { { "EADDRINUSE", "somebody listens there; and what else a start fails with" },
        { "EINVAL", "a start raised" } },
      waits = "if a start does",
      example = [[
local service = require "service"
service:add("demo", { start = function() print "starts" end, stop = function() print "stops" end })
service:start()
service:stop()
--> starts
--> stops
service.demo = nil]],
    },
    {
      name = "service.stop",
      signature = "service:stop([grace])",
      summary = "Stops all members, the last added first.",
      args = { { name = "grace", type = "number?", unit = "seconds", default = 1,
        text = "how long each may take to send what is queued" } },
      results = "true",
      returns = { "true ok" },
      waits = true,
      text = "A member without a stop is ended as it is usual for it: a listener closes with that grace, a "
        .. "connection finishes. One that fails is told in the log, and the others still stop.",
      example = [[
local service = require "service"
print(service:stop())               --> true]],
    },
    {
      name = "service.on_stop",
      signature = "service:on_stop(fn)",
      summary = "Has a function called at each stop, before the members end.",
      args = { { name = "fn", type = "fun()" } },
      waits = false,
      example = [[
local service = require "service"
service:on_stop(function() end)]],
    },
    {
      name = "service.notify",
      signature = "service:notify(which, ...)",
      summary = "Tells members something: calls on_notify(...) of each that has it.",
      args = { { name = "which", type = "string|string[]", text = "a name, a list of names, or \"*\", "
        .. "which is all" }, { name = "...", type = "any" } },
      results = "how many heard it; or nil, message, code, and nobody did",
      returns = { "integer? heard", "string? message", "string? code" },
      errors = { { "ENOENT", "there is no member of that name" } },
      waits = "if an on_notify does",
      text = "One that fails is told in the log, and the others still hear.",
      example = [[
local service = require "service"
service:add("a", { on_notify = function(word) print("a hears", word) end })
service:add("b", {})
print(service:notify("*", "hello"))
print(select(3, service:notify("c", "hello")))
--> a hears    hello
--> 1
--> ENOENT
service.a, service.b = nil]],
    },
  },
}
