--- The manifest: tasks.
return {
  class = "task",
  aliases = { "t" },
  title = "Tasks",
  summary = "What spawn and connection:spawn return.",
  methods = {
    {
      name = "join",
      signature = "task:join([seconds])",
      summary = "Waits for its end.",
      args = { { name = "seconds", type = "number?", unit = "seconds", default = "no limit" } },
      results = "what its function returned; or nil, message if it failed or was cancelled; or "
        .. "nil, message, code",
      returns = { "any ..." },
      errors = { { "ETIMEDOUT", "it had not ended by then" } },
      waits = true,
      example = [[
print(spawn(function() return "a", "b" end):join())   --> a    b]],
    },
    {
      name = "cancel",
      signature = "task:cancel()",
      summary = "Ends it: what it waits for raises \"cancelled\", so <close> variables run.",
      results = "true; false if it had ended",
      returns = { "boolean cancelled" },
      waits = false,
      text = "It raises once; at its next wait a cancelled task ends for good. A task that "
        .. "cancels itself ends at its next wait.",
      example = [[
t = spawn(function() sleep(60) end)
sleep(0)
print(t:cancel())
sleep(0)
print(t:alive())
--> true
--> false]],
    },
    {
      name = "alive",
      signature = "task:alive()",
      summary = "Tells whether it has not ended.",
      returns = { "boolean alive" },
      waits = false,
      example = [[
t = spawn(function() end)
print(t:alive())
t:join()
print(t:alive())
--> true
--> false]],
    },
    {
      name = "detach",
      signature = "task:detach()",
      summary = "Frees it from its connection: it lives on when the connection ends.",
      results = "the task",
      returns = { "task task" },
      waits = false,
      example = [[
srv = listen(0, function(c)
  c:spawn(function() sleep(0.05) print "outlived it" end):detach()
end)
connect(srv.address):read()
sleep(0.1)                          --> outlived it]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it in listings." },
  },
}
