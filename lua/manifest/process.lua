--- The manifest: processes.
return {
  class = "process",
  aliases = { "p" },
  title = "Processes",
  summary = "What process.spawn returns.",
  methods = {
    {
      name = "wait",
      signature = "process:wait([seconds])",
      summary = "Waits for its end; after that it answers at once, whoever asks.",
      args = { { name = "seconds", type = "number?", unit = "seconds", default = "no limit" } },
      results = "as os.execute does: true, \"exit\", 0; nil, \"exit\" and another status; nil, "
        .. "\"signal\" and its number; or nil, message, code",
      returns = { "boolean? ok", "string how_or_message", "integer|string status_or_code" },
      errors = { { "ETIMEDOUT", "it had not ended by then" } },
      waits = true,
      example = [[
local process = require "process"
print(process.spawn("exit 3"):wait())   --> nil    exit    3]],
    },
    {
      name = "status",
      signature = "process:status()",
      summary = "Tells how it is.",
      results = "\"running\"; when it has ended, what process:wait returns",
      returns = { "string|boolean|nil state", "string? how", "integer? status" },
      waits = false,
      example = [[
local process = require "process"
p = process.spawn { "cat" }
print(p:status())                   --> running
p.stdin:finish()
p:wait()
print(p:status())                   --> true    exit    0]],
    },
    {
      name = "kill",
      signature = "process:kill([signal])",
      summary = "Sends it a signal.",
      args = { { name = "signal", type = "string|integer?", default = "TERM",
        text = "a name, with or without SIG, or a number" } },
      results = "true; or nil, message, code",
      returns = { "boolean? sent", "string? message", "string? code" },
      errors = {
        { "ESRCH", "it has ended" },
        { "EINVAL", "there is no such signal" },
      },
      waits = false,
      text = "Where it has a process group of its own, all of that hears it, as at a terminal: "
        .. "what a shell command started ends as well.",
      example = [[
local process = require "process"
p = process.spawn { "sleep", 60 }
p:kill "KILL"
print(p:wait())                     --> nil    signal    9]],
    },
  },
  fields = {
    { name = "id", type = "integer", summary = "A small number that names it." },
    { name = "pid", type = "integer", summary = "The system's number of the process." },
    { name = "running", type = "boolean", summary = "Whether it has not ended." },
    { name = "stdin", type = "connection?",
      summary = "Writes to its standard input; finish() or shutdown() ends that." },
    { name = "stdout", type = "connection?", summary = "Reads what it prints." },
    { name = "stderr", type = "connection?", summary = "Reads what it prints on standard error." },
  },
}
