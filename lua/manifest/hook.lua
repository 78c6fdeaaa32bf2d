--- The manifest: hooks around the poll.
return {
  class = "hook",
  aliases = { "h" },
  title = "Sleep hooks",
  summary = "What before_sleep and after_sleep return.",
  methods = {
    {
      name = "delete",
      signature = "hook:delete()",
      summary = "Removes it; the others stay.",
      results = "true; false if it was removed already",
      returns = { "boolean deleted" },
      waits = false,
      example = [[
h = before_sleep(function() end)
print(h:delete(), h:delete())       --> true    false]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it in listings." },
  },
}
