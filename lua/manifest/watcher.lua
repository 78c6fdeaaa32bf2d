--- The manifest: watchers of descriptors.
return {
  class = "watcher",
  aliases = { "w" },
  title = "Watchers",
  summary = "What read(x, fn), write(x, fn) and except(x, fn) return.",
  text = [[
Delete a watcher before its descriptor is closed. One that is not is dropped as soon as that is
found out, mostly within a tenth of a second, and a line says so; whatever gets the number next is
not watched.]],
  methods = {
    {
      name = "add",
      signature = "watcher:add([seconds])",
      summary = "Arms it, or arms it anew.",
      args = { { name = "seconds", type = "number?", unit = "seconds", default = "no limit",
        text = "calls fn after so long even if nothing has come" } },
      results = "the watcher",
      returns = { "watcher watcher" },
      waits = false,
      example = [[
srv = listen(0, function(c) sleep(0.1) end)
w = read(connect(srv.address), print, "nothing came")
w:add(0.01)
sleep(0.1)                          --> nothing came]],
    },
    {
      name = "delete",
      signature = "watcher:delete()",
      summary = "Disarms it: nothing is delivered to it from here on.",
      results = "true; false if it was not armed",
      returns = { "boolean deleted" },
      waits = false,
      example = [[
srv = listen(0, function(c) sleep(0.1) end)
w = read(connect(srv.address), print)
print(w:delete(), w:delete())       --> true    false]],
    },
    {
      name = "pending",
      signature = "watcher:pending()",
      summary = "Tells whether it is armed.",
      returns = { "boolean pending" },
      waits = false,
      example = [[
srv = listen(0, function(c) sleep(0.1) end)
w = read(connect(srv.address), print)
print(w:pending())                  --> true
w:delete()]],
    },
    {
      name = "persistent",
      signature = "watcher:persistent()",
      summary = "Makes it stay, whatever fn returns.",
      results = "the watcher",
      returns = { "watcher watcher" },
      waits = false,
      example = [[
srv = listen(0, function(c) c:write("a") sleep(0.05) c:write("b") end)
c = connect(srv.address)
w = read(c, function() io.write(c:take()) end):persistent()
sleep(0.02)
print(w:pending())                  --> true
w:delete()]],
    },
    {
      name = "barrier",
      signature = "watcher:barrier(on)",
      summary = "Puts writes before reads on its descriptor.",
      args = { { name = "on", type = "boolean" } },
      results = "the watcher",
      returns = { "watcher watcher" },
      waits = false,
      text = "So what is read in one pass is answered in the next, after the before_sleep hooks "
        .. "have run.",
      example = [[
srv = listen(0, function(c) sleep(0.1) end)
w = write(connect(srv.address), print, "writable"):barrier(true)
sleep(0.1)                          --> writable]],
    },
    {
      name = "label",
      signature = "watcher:label(text)",
      summary = "Names it in listings and tracebacks.",
      args = { { name = "text", type = "string" } },
      results = "the watcher",
      returns = { "watcher watcher" },
      waits = false,
      example = [[
srv = listen(0, function(c) sleep(0.1) end)
w = read(connect(srv.address), print):label "upstream"
print(why())
w:delete()]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it in listings." },
  },
}
