--- The manifest: events.
return {
  class = "event",
  aliases = { "ev" },
  title = "Events",
  summary = "What event returns: one callback for several causes.",
  methods = {
    {
      name = "add",
      signature = "event:add([seconds])",
      summary = "Arms it, or arms it anew.",
      args = { { name = "seconds", type = "number?", unit = "seconds", default = "no limit",
        text = "fires EV_TIMEOUT after so long; a pure timer without it is not armed" } },
      results = "the event",
      returns = { "event event" },
      waits = false,
      example = [[
srv = listen(0, function(c) c:write("x") end)
c = connect(srv.address)
event(function(ev, handle, fired) print(fired == EV_READ, handle == c) end, nil, "read", c):add(1)
sleep(0.1)                          --> true    true]],
    },
    {
      name = "delete",
      signature = "event:delete()",
      summary = "Disarms it, its time-out included.",
      results = "true; false if it was not armed",
      returns = { "boolean deleted" },
      waits = false,
      example = [[
ev = event(print)
ev:add(60)
print(ev:delete(), ev:delete())     --> true    false]],
    },
    {
      name = "pending",
      signature = "event:pending()",
      summary = "Tells whether it is armed.",
      returns = { "boolean pending" },
      waits = false,
      example = [[
ev = event(print)
print(ev:pending())                 --> false]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it in listings." },
  },
}
