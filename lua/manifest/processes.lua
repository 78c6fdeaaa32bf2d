--- The manifest: the module `process`.
return {
  name = "processes",
  module = "process",
  title = "The module process",
  entries = {
    {
      name = "process.spawn",
      signature = "process.spawn(command)",
      summary = "Starts a program, whose standard streams are connections.",
      args = { { name = "command", type = "string|spawn_options", text = "{\"program\", "
        .. "\"argument\", ..., with options}; a string is run by /bin/sh -c" } },
      options = "spawn",
      results = "the process; or nil, message, code",
      returns = { "process? process", "string? message", "string? code" },
      errors = {
        { "ENOENT", "there is no such program, or no directory `cwd`" },
        { "EACCES", "it may not be run" },
        { "EBUSY", "a connection that it should have holds bytes that it would lose" },
      },
      waits = false,
      text = [[
The program gets its three streams and no other descriptor of ours, no signal that we ignore or
catch, and a process group of its own, unless it shares our terminal. It is looked for in its PATH.

A connection that is given to a program is the program's, and closed here. So the stdout of one
process can be the stdin of another, and a client both streams of the program that serves it:
`listen(8000, function(c) process.spawn { "cat", stdin = c, stdout = c } end)`.

The program goes on without the object, and when we end; it is always reaped. It keeps us going only
while a task waits for it. Its connections are closed by the collector once no variable holds them,
or the process.]],
      example = [[
local process = require "process"
local p = assert(process.spawn { "tr", "a-z", "A-Z" })
p.stdin:write "hello\n"
p.stdin:finish()
print(p.stdout:read "l")            --> HELLO
print(p:wait())                     --> true    exit    0]],
    },
    {
      name = "process.run",
      signature = "process.run(command)",
      summary = "Runs a program to its end and collects what it prints.",
      args = { { name = "command", type = "string|run_options", text = "as for process.spawn" } },
      options = "run",
      results = "what it printed on its standard output and on its standard error, and its exit "
        .. "status, 128 + the number of a signal that ended it; or nil, message, code",
      returns = { "string? stdout", "string stderr_or_message", "integer|string status_or_code" },
      errors = {
        { "ENOENT", "there is no such program" },
        { "EMSGSIZE", "it printed more than `max`; it was killed" },
        { "ETIMEDOUT", "it had not ended by then; it was killed" },
      },
      waits = true,
      text = "It ends with the task: a cancelled one kills it.",
      example = [[
local process = require "process"
print(process.run { "sh", "-c", "cat; exit 3", input = "abc" })   --> abc        3]],
    },
    {
      name = "process.stdin",
      signature = "process.stdin()",
      summary = "Turns our own standard input into a connection, once, in a script.",
      results = "the connection, which only reads; or nil, message, \"EBUSY\" at a prompt or "
        .. "when it was taken already",
      returns = { "connection? stdin", "string? message", "string? code" },
      errors = { { "EBUSY", "the prompt or another task reads it, or it was taken already" } },
      waits = false,
      text = "From then on io.read is not to be used: both would take from the same input.",
      example = [[
local process = require "process"
local input = process.stdin()
if input then input:close() end]],
    },
    {
      name = "process.pid",
      signature = "process.pid()",
      summary = "Tells the number of our own process.",
      results = "the number",
      returns = { "integer pid" },
      waits = false,
      example = [[
local process = require "process"
print(process.pid() > 1)            --> true]],
    },
    {
      name = "process.daemonize",
      signature = "process.daemonize()",
      summary = "Goes on in the background, as a service does.",
      results = "true, in the new process; or nil, message, code",
      returns = { "true? ok", "string? message", "string? code" },
      errors = { { "EBUSY", "there is a prompt; programs that were started still run; or threads do" } },
      waits = false,
      text = "The process that called it ends with status 0. The new one has no terminal and a session of "
        .. "its own, \"/\" as its directory, no umask, and /dev/null as its standard streams; all else it "
        .. "has as before: listeners, connections, timers, files. So a script opens what may fail first, "
        .. "while its messages can be seen. The log goes on in its file (log.file).",
      example = [[
local process = require "process"
p = process.spawn { "sleep", 60 }
print(select(3, process.daemonize()))   --> EBUSY
p:kill()]],
    },
    {
      name = "process.become",
      signature = "process.become(user [, group])",
      summary = "Becomes another user, for good.",
      args = { { name = "user", type = "string", text = "a name or a number" },
        { name = "group", type = "string?", default = "the user's", text = "a name or a number" } },
      results = "true; or nil, message, code",
      returns = { "true? ok", "string? message", "string? code" },
      errors = { { "ENOENT", "there is no such user or group" },
        { "EPERM", "only root may become somebody else" } },
      waits = false,
      text = "The groups are those that the user has. Who is that user already need not be root. Call it "
        .. "when everything is open that only root may open.",
      example = [[
local process = require "process"
print(select(3, process.become "nobody-of-that-name"))   --> ENOENT]],
    },
  },
}
