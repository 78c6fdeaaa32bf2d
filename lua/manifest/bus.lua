--- The manifest: the module bus.
return {
  name = "bus",
  module = "bus",
  title = "The module bus",
  entries = {
    {
      name = "bus.on",
      signature = "bus.on(name, fn)",
      summary = "Calls a function for each message of a name, from whatever thread.",
      args = {
        { name = "name", type = "string", text = '"*" for all of them: fn(name, ...)' },
        { name = "fn", type = "fun(...: any)", text = "called with what was pushed, on the loop "
          .. "of whoever listens" },
      },
      results = "the listener",
      returns = { "bus_listener listener" },
      waits = false,
      text = "Messages of one thread come in the order it pushed them, one call at a time: those "
        .. "that come while fn waits come after it. Like a watcher it keeps dispatch() going, until "
        .. "it is deleted, or fn fails.",
      example = [[
local bus = require "bus"
local l = bus.on("found", function(n, t) print(n, t[1]) end)
thread(function()
  local bus = require "bus"
  bus.push("found", 6 * 7, { "copied" })
end):join()
sleep(0.01)                         --> 42    copied
l:delete()]],
    },
    {
      name = "bus.once",
      signature = "bus.once(name, fn)",
      summary = "Calls a function for the next message of a name.",
      args = { { name = "name", type = "string" }, { name = "fn", type = "fun(...: any)" } },
      results = "the listener",
      returns = { "bus_listener listener" },
      waits = false,
      example = [[
local bus = require "bus"
bus.once("ready", print)
bus.push("ready", 1)
bus.push("ready", 2)
sleep(0.01)                         --> 1]],
    },
    {
      name = "bus.push",
      signature = "bus.push(name, ...)",
      summary = "Sends values to all who listen to a name.",
      args = { { name = "name", type = "string", text = 'any but "*"' },
        { name = "...", type = "any", text = "copied, as thread copies its arguments" } },
      results = "how many listen to it, or to all; or nil, message, code",
      returns = { "integer? listeners", "string? message", "string? code" },
      errors = { { "ENOBUFS", "a listener has 64 MiB on the way to it already; nobody was told" } },
      waits = false,
      text = "What nobody listens to is dropped.",
      example = [[
local bus = require "bus"
print(bus.push("nobody", "hears"))  --> 0]],
    },
  },
}
