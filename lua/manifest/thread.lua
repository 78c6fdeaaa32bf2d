--- The manifest: threads.
return {
  class = "thread",
  aliases = { "th" },
  title = "Threads",
  summary = "What thread returns.",
  methods = {
    {
      name = "join",
      signature = "thread:join([seconds])",
      summary = "Waits for its end.",
      args = { { name = "seconds", type = "number?", unit = "seconds", default = "no limit" } },
      results = "what its function returned; or nil, message, code",
      returns = { "any ..." },
      errors = {
        { "ELUA", "its function raised an error: the message" },
        { "EINVAL", "a result cannot be copied" },
        { "ECANCELED", "it was cancelled" },
        { "EDEADLK", "it waits for what can never come" },
        { "ETIMEDOUT", "it had not ended by then" },
      },
      waits = true,
      text = "Every join of the same thread gives the same, in copies of its own. A failure that "
        .. "nobody waits for is printed.",
      example = [[
t = thread(function() error("bad", 0) end)
print(t:join())                     --> nil    bad    ELUA]],
    },
    {
      name = "cancel",
      signature = "thread:cancel()",
      summary = "Ends it: what it waits for, and what it runs.",
      results = "true; false if it had ended",
      returns = { "boolean cancelled" },
      waits = false,
      text = "Its <close> variables run, its connections send what they have. A call of the system "
        .. "that blocks, such as os.execute, ends first.",
      example = [[
t = thread(function() sleep(60) end)
print(t:cancel(), t:join())         --> true    nil    cancelled    ECANCELED]],
    },
    {
      name = "alive",
      signature = "thread:alive()",
      summary = "Tells whether it has not ended.",
      returns = { "boolean alive" },
      waits = false,
      example = [[
t = thread(function() end)
print(t:alive())
t:join()
print(t:alive())
--> true
--> false]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it in listings." },
  },
}
