--- The manifest: signal watchers.
return {
  class = "signal",
  aliases = { "s" },
  title = "Signal watchers",
  summary = "What signal returns.",
  methods = {
    {
      name = "add",
      signature = "signal:add([seconds])",
      summary = "Arms it, or arms it anew.",
      args = { { name = "seconds", type = "number?", unit = "seconds", default = "no limit",
        text = "calls fn after so long even if the signal has not come" } },
      results = "the signal watcher",
      returns = { "signal signal" },
      waits = false,
      example = [[
s = signal("USR2", function()
  print "no signal came"            --> no signal came
  s:delete()
end)
s:add(0.05)
sleep(0.08)]],
    },
    {
      name = "delete",
      signature = "signal:delete()",
      summary = "Disarms it; with the last watcher of a signal its old handling comes back.",
      results = "true; false if it was not armed",
      returns = { "boolean deleted" },
      waits = false,
      example = [[
s = signal("USR2", print)
print(s:delete(), s:delete())       --> true    false]],
    },
    {
      name = "pending",
      signature = "signal:pending()",
      summary = "Tells whether it is armed.",
      returns = { "boolean pending" },
      waits = false,
      example = [[
s = signal("USR2", print)
print(s:pending())                  --> true
s:delete()]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it in listings." },
    { name = "name", type = "string", summary = "The signal's name, with SIG." },
  },
}
