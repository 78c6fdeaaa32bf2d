--- The manifest: timers.
local timer = { "timer timer" }

return {
  class = "timer",
  aliases = { "t" },
  title = "Timers",
  summary = "What timeout and connection:timeout return.",
  methods = {
    {
      name = "add",
      signature = "timer:add([seconds])",
      summary = "Arms it, or moves it, counted from now.",
      args = { { name = "seconds", type = "number?", unit = "seconds",
        default = "the time it has" } },
      results = "the timer",
      returns = timer,
      waits = false,
      text = "Inside fn it sets the next delay, whatever fn returns.",
      example = [[
t = timeout(nil, print, "ring")
t:add(0.01)
sleep(0.1)                          --> ring]],
    },
    {
      name = "delete",
      signature = "timer:delete()",
      summary = "Disarms it.",
      results = "true; false if it was not armed",
      returns = { "boolean deleted" },
      waits = false,
      example = [[
t = timeout(60, print)
print(t:delete(), t:delete())       --> true    false]],
    },
    {
      name = "cancel",
      signature = "timer:cancel()",
      summary = "Disarms it, as delete does; restart arms it again.",
      results = "true; false if it was not armed",
      returns = { "boolean cancelled" },
      waits = false,
      example = [[
t = timeout(0.01, print, "after all")
print(t:cancel())
t:restart()
sleep(0.1)
--> true
--> after all]],
    },
    {
      name = "pending",
      signature = "timer:pending()",
      summary = "Tells whether it is armed.",
      returns = { "boolean pending" },
      waits = false,
      example = [[
t = timeout(60, print)
print(t:pending())                  --> true
t:delete()]],
    },
    {
      name = "alive",
      signature = "timer:alive()",
      summary = "Tells whether it will still fire: the same as pending.",
      returns = { "boolean alive" },
      waits = false,
      example = [[
t = timeout(60, print)
t:cancel()
print(t:alive())                    --> false]],
    },
    {
      name = "restart",
      signature = "timer:restart()",
      summary = "Arms it with the time it has, counted from now.",
      results = "the timer",
      returns = timer,
      waits = false,
      text = "It postpones a timer that is armed and repeats one that has fired.",
      example = [[
t = timeout(60, print, "late")
sleep(0.3)
t:restart()
print(t:remaining() > 59.7)    --> true
t:delete()]],
    },
    {
      name = "reset",
      signature = "timer:reset(seconds)",
      summary = "Gives it another time and arms it.",
      args = { { name = "seconds", type = "number", unit = "seconds" } },
      results = "the timer",
      returns = timer,
      waits = false,
      example = [[
t = timeout(60, print, "sooner")
t:reset(0.01)
sleep(0.1)                          --> sooner]],
    },
    {
      name = "remaining",
      signature = "timer:remaining()",
      summary = "Tells how long it still takes.",
      results = "seconds, never negative, cancelled or not",
      returns = { "number seconds" },
      waits = false,
      example = [[
t = timeout(60, print)
print(t:remaining() > 59)           --> true
t:delete()]],
    },
    {
      name = "due",
      signature = "timer:due()",
      summary = "Tells when it is due, or was last, on the clock of now.",
      results = "seconds, also when it has fired or was cancelled; nil before it was armed first",
      returns = { "number? seconds" },
      waits = false,
      example = [[
t = timeout(60, print)
print(t:due() > now())              --> true
t:delete()]],
    },
    {
      name = "on_free",
      signature = "timer:on_free(fn)",
      summary = "Calls a function once, when the timer is gone for good.",
      args = { { name = "fn", type = "fun()", text = "not before the timer's own callback has "
        .. "returned" } },
      results = "the timer",
      returns = timer,
      waits = false,
      example = [[
t = timeout(0.01, print, "fired"):on_free(function() print "freed" end)
sleep(0.05)
init()
sleep(0.05)
--> fired
--> freed]],
    },
    {
      name = "label",
      signature = "timer:label(text)",
      summary = "Names it in listings and tracebacks.",
      args = { { name = "text", type = "string" } },
      results = "the timer",
      returns = timer,
      waits = false,
      example = [[
t = timeout(60, print):label "heartbeat"
print(timers())
t:delete()]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it in listings." },
  },
}
