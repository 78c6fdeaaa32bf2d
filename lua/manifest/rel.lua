--- The manifest: the module rel.
local watched = {
  { name = "x", type = "connection|integer|file*" },
  { name = "fn", type = "fun(...: any): any", text = "called as fn(...)" },
  { name = "...", type = "any" },
}

return {
  name = "rel",
  module = "rel",
  title = "The module rel",
  entries = {
    {
      name = "rel.override",
      signature = "rel.override()",
      summary = 'Makes require "event" give this module, for what was written for pyevent.',
      waits = false,
      text = [[
The module has the whole vocabulary of rel and pyevent. What has no entry of its own here is the
global of that name:

    read write timeout signal event dispatch loop abort_branch pause resume
    thread init report set_sleep set_turbo
    EV_TIMEOUT EV_READ EV_WRITE EV_SIGNAL EV_PERSIST
]],
      example = [[
require("rel").override()
local event = require "event"
event.timeout(0.01, print, "as ever")
event.dispatch()                    --> as ever]],
    },
    {
      name = "rel.initialize",
      signature = "rel.initialize([options])",
      options_like = "initialize",
      summary = "Chooses the poll method, as the global initialize does.",
      args = {
        { name = "options", type = "{methods: string[]?, options: string[]?}?",
          text = 'options may name "threaded" as well, which changes nothing: threads need no help' },
      },
      results = "the name of the method; or nil, message, code",
      returns = { "string? method", "string? message", "string? code" },
      errors = { { "ENOENT", "strict, and none of the methods works here" } },
      waits = false,
      example = [[
local rel = require "rel"
print(rel.initialize { methods = { "poll" }, options = { "strict", "threaded" } })   --> poll]],
    },
    {
      name = "rel.supported_methods",
      kind = "field",
      type = "string[]",
      signature = "rel.supported_methods",
      summary = "Lists the methods in the order in which rel tries them.",
      waits = false,
      example = [[
print(require("rel").supported_methods[1])          --> epoll]],
    },
    {
      name = "rel.abort",
      signature = "rel.abort()",
      summary = "Ends the dispatch that runs, and deletes all watchers of descriptors.",
      waits = false,
      text = "Timers and signals stay armed. The global abort deletes nothing, as pyevent's.",
      example = [[
local rel = require "rel"
t = rel.timeout(60, print)
rel.timeout(0.01, rel.abort)
print(rel.dispatch(), t:pending())                  --> abort    true
t:delete()]],
    },
    {
      name = "rel.error_watch",
      signature = "rel.error_watch(x, fn, ...)",
      summary = "Calls a function when out-of-band data has come.",
      args = watched,
      results = "the watcher; or nil, message, code",
      returns = { "watcher? watcher", "string? message", "string? code" },
      errors = { { "EBADF", "nothing that can be watched" } },
      waits = false,
      text = "Unlike the global except it does not keep dispatch going.",
      example = [[
local rel = require "rel"
srv = listen(0, function(c) c:read() end)
c = connect(srv.address)
w = rel.error_watch(c, print, "urgent")
print(w:pending())                                  --> true
w:delete()]],
    },
    {
      name = "rel.error",
      signature = "rel.error(x, fn, ...)",
      summary = "Calls a function when out-of-band data has come; the old name of rel.error_watch.",
      args = watched,
      results = "as rel.error_watch",
      returns = { "watcher? watcher", "string? message", "string? code" },
      waits = false,
      example = [[
local rel = require "rel"
srv = listen(0, function(c) c:read() end)
w = rel.error(connect(srv.address), print, "urgent")
print(w:delete())                                   --> true]],
    },
    {
      name = "rel.start",
      signature = "rel.start()",
      summary = "Runs dispatch, which SIGINT or abort end.",
      results = "as dispatch",
      returns = { "string? why", "string? message", "string? code" },
      errors = { { "EBUSY", "a dispatch runs already" } },
      waits = true,
      example = [[
local rel = require "rel"
rel.timeout(0.01, rel.stop)
print(rel.start())                                  --> abort]],
    },
    {
      name = "rel.stop",
      signature = "rel.stop()",
      summary = "Is rel.abort by another name.",
      waits = false,
      example = [[
require("rel").stop()]],
    },
    {
      name = "rel.tick",
      signature = "rel.tick()",
      summary = "Runs one pass that does not wait: loop(true).",
      results = "the number of callbacks run; nil when nothing is registered",
      returns = { "integer? count" },
      waits = false,
      example = [[
local rel = require "rel"
rel.timeout(0, print, "due")
print(rel.tick())
--> due
--> 1]],
    },
    {
      name = "rel.is_running",
      signature = "rel.is_running()",
      summary = "Tells whether a dispatch runs.",
      returns = { "boolean running" },
      waits = false,
      example = [[
local rel = require "rel"
rel.timeout(0, function() print(rel.is_running()) end)
rel.dispatch()
print(rel.is_running())
--> true
--> false]],
    },
    {
      name = "rel.buffwrite",
      signature = "rel.buffwrite(sock, data [, sender [, onerror]])",
      summary = "Sends data whenever something is writable, 4096 bytes at a time.",
      args = {
        { name = "sock", type = "connection|integer|file*", text = "whatever write(x, fn) takes" },
        { name = "data", type = "string", text = "goes behind what it was given before" },
        { name = "sender", type = "fun(sock: any, chunk: string): any", default = "sock:write",
          text = "called as sender(sock, chunk); may return how many bytes it has sent" },
        { name = "onerror", type = "fun(message: string)", default = "prints it",
          text = "called when the sender raises, or returns nil and a message; the rest of the "
            .. "data is dropped" },
      },
      results = "true; or nil, message, code",
      returns = { "boolean? well", "string? message", "string? code" },
      errors = { { "EBADF", "nothing that can be written to" } },
      waits = false,
      example = [[
local rel = require "rel"
srv = listen(0, function(c) print(#c:read "a") end)
c = connect(srv.address)
rel.buffwrite(c, ("x"):rep(10000), function(sock, chunk) return sock:write(chunk) end, print)
sleep(0.1)
c:close()                                           --> 10000]],
    },
    {
      name = "rel.release_buff",
      signature = "rel.release_buff(sock)",
      summary = "Drops what buffwrite has not sent yet.",
      args = { { name = "sock", type = "connection|integer|file*" } },
      results = "how many bytes that was",
      returns = { "integer bytes" },
      waits = false,
      example = [[
local rel = require "rel"
srv = listen(0, function(c) c:read() end)
c = connect(srv.address)
rel.buffwrite(c, "never sent")
print(rel.release_buff(c))                          --> 10]],
    },
  },
}
