--- The manifest: listeners of the bus.
return {
  class = "bus_listener",
  aliases = {},
  title = "Listeners of the bus",
  summary = "What bus.on and bus.once return.",
  methods = {
    {
      name = "delete",
      signature = "bus_listener:delete()",
      summary = "Ends it: what is on its way is dropped.",
      results = "true; false if it had ended",
      returns = { "boolean deleted" },
      waits = false,
      example = [[
l = require("bus").on("news", print)
print(l:delete(), l:delete())       --> true    false]],
    },
    {
      name = "pending",
      signature = "bus_listener:pending()",
      summary = "Tells whether it listens.",
      returns = { "boolean pending" },
      waits = false,
      example = [[
l = require("bus").on("news", print)
print(l:pending())                  --> true
l:delete()]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it in listings." },
    { name = "name", type = "string", summary = "What it listens to." },
  },
}
