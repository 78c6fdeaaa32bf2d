--- The manifest: the module fs.
return {
  name = "fs",
  module = "fs",
  title = "The module fs",
  entries = {
    {
      name = "fs.watch",
      signature = "fs.watch(path, fn)",
      summary = "Calls a function after each change of a file.",
      args = {
        { name = "path", type = "string", text = "a file, which need not be there yet, in a "
          .. "directory that is; or a directory, for all that is in it, but not below" },
        { name = "fn", type = "fun(path: string)", text = "called as fn(path), as a task" },
      },
      results = "a table with the method delete, which ends it, as <close> does; or nil, message, code",
      returns = { "table? watch", "string? message", "string? code" },
      errors = {
        { "ENOENT", "there is no such directory" },
        { "ENOTDIR", "what should be the directory is none" },
        { "ENOSPC", "the kernel's limit of watches is reached" },
        { "EMFILE", "the kernel's limit of inotify instances is reached" },
        { "ENOSYS", "this system has no inotify" },
      },
      waits = false,
      text = [[
A change is that it is written, made, removed, replaced by rename, or has its attributes changed. It is
told 0.05 to 0.25 seconds later, once for changes that come together. Watched is the name: a file that
is replaced or made anew is watched on. Of a symbolic link both it and what it leads to are watched, as
are links among the directories of the path.

If fn fails that is reported, and the watch stays. It keeps the program going until it is deleted.]],
      example = [[
local fs = require "fs"
local path = os.tmpname()
local watch = fs.watch(path, function() print "changed" end)
local file <close> = io.open(path, "w")
file:write "new"
file:flush()
sleep(0.4)
watch:delete()
os.remove(path)                     --> changed]],
    },
  },
}
