--- The manifest: looking around, at the prompt and in scripts.
return {
  name = "tools",
  title = "Looking around",
  entries = {
    {
      name = "help",
      signature = "help([x])",
      summary = "Prints what the manual says of something.",
      args = { { name = "x", type = "any", text = 'a function; an object; or a name: "connect", '
        .. '"connection.read", "nodelay"; nothing: a tour of one screen' } },
      waits = false,
      example = [[
help "connect"
help(listen)
help "conn:read"]],
    },
    {
      name = "inspect",
      signature = "inspect(x [, options])",
      summary = "Writes any value as Lua would read it.",
      args = {
        { name = "x", type = "any" },
        { name = "options", type = "inspect_options?" },
      },
      options = "inspect",
      results = "a string, of several lines if one would be too long",
      returns = { "string text" },
      waits = false,
      text = "Tables are read raw: no metamethod but __inspect and __tostring of objects runs. "
        .. "It never raises.",
      example = [[
print(inspect { 1, 2.5, "three\n", key = { true } })   --> { 1, 2.5, "three\n", key = { true } }]],
    },
    {
      name = "hexdump",
      signature = "hexdump(s)",
      summary = "Writes bytes in hexadecimal and as text, 16 to a line.",
      args = { { name = "s", type = "string" } },
      results = "a string, one line per 16 bytes",
      returns = { "string text" },
      waits = false,
      example = [[
print(hexdump "GET /\r\n")
--> 00000000  47 45 54 20 2f 0d 0a                              |GET /..|]],
    },
    {
      name = "shorten",
      signature = "shorten(s [, width])",
      summary = "Cuts a string to a width, telling how many characters were cut.",
      args = {
        { name = "s", type = "string" },
        { name = "width", type = "integer?", unit = "characters", default = "80" },
      },
      results = "the string itself if it is not longer than width, else exactly width characters",
      returns = { "string text" },
      waits = false,
      example = [[
print(shorten(("x"):rep(200), 32))  --> xxxxxxxxxxxxxxxxxxxxxxx..(177)..]],
    },
    {
      name = "conns",
      index = "connection",
      signature = "conns()",
      summary = "Lists the connections; conns[7] is the one with id 7.",
      results = "an array of rows that prints as a table",
      returns = { "table[] rows" },
      waits = false,
      text = "A row has id, state, peer, sock, bytes_in, bytes_out, queued, age and object.",
      example = [[
srv = listen(0, function(c) c:read() end)
c = connect(srv.address)
print(conns())
print(conns[c.id] == c)]],
    },
    {
      name = "timers",
      index = "timer",
      signature = "timers()",
      summary = "Lists the armed timers; timers[3] is the one with id 3.",
      results = "an array of rows that prints as a table",
      returns = { "table[] rows" },
      waits = false,
      text = "A row has id, remaining, interval, where, label and object.",
      example = [[
t = timeout(60, print, "late")
print(timers())
t:delete()]],
    },
    {
      name = "tasks",
      index = "task",
      signature = "tasks()",
      summary = "Lists the tasks and what each waits for; tasks[5] is the one with id 5.",
      results = "an array of rows that prints as a table",
      returns = { "table[] rows" },
      waits = false,
      text = "A row has id, state, waits_for, age, where and object.",
      example = [[
t = spawn(sleep, 60)
sleep(0)
print(tasks())
t:cancel()]],
    },
    {
      name = "why",
      signature = "why()",
      summary = "Tells what keeps the program alive.",
      results = "an array of rows that prints one line per thing",
      returns = { "table[] rows" },
      waits = false,
      text = "A row has kind, id, what and object. When the list is empty, dispatch returns.",
      example = [[
srv = listen(0, function(c) c:read() end)
print(why())
srv:close()]],
    },
  },
}
