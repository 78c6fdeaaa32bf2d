--- What help prints, and what it means by "close".
local check = require "check"
local help = require "help"
local pair = require "pair"

--- What help(...) prints, as one string.
local function printed(...)
  local real, lines = print, {}
  print = function(text) lines[#lines + 1] = tostring(text) end
  local ok, message = pcall(help.help, ...)
  print = real
  check.ok(ok, message)
  return table.concat(lines, "\n")
end

local function lines_of(text) return select(2, text:gsub("\n", "\n")) + 1 end

check.case("without an argument: a tour of one screen, each line to be typed", function()
  local tour = printed()
  check.ok(lines_of(tour) <= 22, "too long, with the prompts around it")
  for line in tour:gmatch("[^\n]+") do check.ok(#line <= 80, line) end
  local typed = 0
  for line in tour:gmatch("\n  (%l[^\n]*[%)\"])") do
    if load(line) or load("return " .. line) then typed = typed + 1 end
  end
  check.equal(typed, 6)
  check.match(tour, "listen connect read write")
end)

check.case("a function by name and by value", function()
  local text = printed("connect")
  check.match(text, "^connect%(address %[, options%] %[, handler%]%) +%(waits only without")
  check.match(text, "\nConnects to an address%.\n")
  check.match(text, "ECONNREFUSED +nobody listens there")
  check.match(text, "Example:\n  srv = listen%(0")
  check.equal(printed(inspect), printed("inspect"))
end)

check.case("a module and what is in it, by name and by value", function()
  local process = require "process"
  check.match(printed("process.spawn"), "^process.spawn%(command%) +%(returns at once%)")
  check.equal(printed(process.spawn), printed("process.spawn"))
  check.match(printed(process), "process.run%(command%)")
end)

check.case("a method by class, alias and object", function()
  local text = printed("connection.read_until")
  check.match(text, "^connection:read_until%(delimiter")
  check.equal(printed("conn:read_until"), text)
  check.equal(printed("c:read_until"), text)
  check.equal(printed("read_until"), text)
  check.match(printed("connection"), "Methods:\n  :read%(%[what %[, options%]%]%)")
end)

check.case("every method by its value alone", function()
  local near, far <close> = pair()
  local srv <close> = check.ok(listen "127.0.0.1:0")
  local handler = function() end
  local objects = { connection = near, listener = srv, watcher = read(near, handler),
    timer = timeout(60, handler), signal = signal("USR1", handler), event = event(handler),
    hook = before_sleep(handler), task = spawn(handler), thread = thread(handler),
    bus_listener = require "bus".on("help", handler),
    socket = listen "udp://127.0.0.1:0", process = require "process".spawn { "true" } }
  for _, class in ipairs(require "manifest".classes) do
    for _, method in ipairs(class.methods) do
      local name = class.class .. ":" .. method.name
      local text = printed(objects[class.class][method.name])
      check.ok(text:find(printed(name), 1, true), name)
    end
  end
  for _, kind in ipairs { "watcher", "timer", "signal", "hook", "bus_listener" } do objects[kind]:delete() end
  objects.socket:close()
end)

check.case("a member by the variable that the object is in, whatever it is called", function()
  t = listen "127.0.0.1:0"  -- the manual calls a timer so
  check.equal(printed("t.accept"), printed("listener:accept"))
  check.equal(printed("t:close"), printed("listener:close"))
  check.equal(printed("t.address"), printed("listener.address"))
  holder = { inner = { srv = t } }
  check.equal(printed("holder.inner.srv:accept"), printed("listener:accept"))
  check.match(printed("t:acept"), "^no help for 't:acept', did you mean 'listener:accept'%?")
  t:close()
  t, holder = nil, nil
  check.equal(printed("t:restart"), printed("timer:restart"))
end)

check.case("a name with several meanings gets all of them", function()
  check.match(printed("read"), "^read%(conn .*\nread%(x, fn, .*See also:\n  connection:read%(")
  check.match(printed("delete"), "watcher:delete%(%).*timer:delete%(%).*hook:delete%(%)")
  check.match(printed("max"), "64 MiB.*read_until")
end)

check.case("an option, a field, a constant, a page", function()
  check.match(printed("nodelay"), "^nodelay = boolean, default true\n.*listen, connect, conn")
  check.match(printed("connection.peer"), "^connection%.peer: string or nil\n")
  check.match(printed("EV_READ"), "^EV_READ = 2\n")
  check.match(printed("addresses"), '"unix:/path" +a Unix socket')
end)

check.case("what there is no help for", function()
  check.equal(printed("revcbuf"), "no help for 'revcbuf', did you mean 'recvbuf'?")
  check.equal(printed("conn:raed"), "no help for 'conn:raed', did you mean 'connection:read'?")
  check.equal(printed("zzzzzzzz"), "no help for 'zzzzzzzz'")
  check.match(printed("con"), "did you mean 'connect', 'conns' or 'connection'%?$")
  check.match(printed(nil), "^no help for nil")
  check.equal(printed(17), "no help for a number")
end)

--- Adds two numbers,
-- however large.
local function add(first, ...) return first + ... end

check.case("Lua's own functions and the user's", function()
  check.match(printed(string.format), "^string%.format: a function of Lua, see www%.lua%.org")
  check.match(printed("print"), "^print: a function of Lua")
  check.match(printed(add), "^function %(first, %.%.%.%)  .*help_test%.lua:%d+\n"
    .. "Adds two numbers,\nhowever large%.$")
end)

check.case("no line is wider than a terminal, but for examples", function()
  local manifest = require "manifest"
  local pages = {}  -- their tables are as wide as they are; a module may have the same name
  for _, topic in ipairs(manifest.topics) do pages[topic.name] = true end
  manifest.each(function(kind, entry, owner)
    local name = manifest.full_name(kind, entry, owner)
    if not pages[name] then
      local text = printed(name):gsub("Example:\n.-\n\n", ""):gsub("Example:.*", "")
      for line in (text .. "\n"):gmatch("(.-)\n") do
        check.ok(utf8.len(line) <= 80 or kind == "class", name .. ": " .. line)
      end
    end
  end)
end)

check.case("close_names: at most three, the closest first", function()
  local names = { "read", "write", "reads", "ready", "reader", "wait" }
  check.same(help.close_names("raed", names), { "read" })
  check.same(help.close_names("read", names), { "read", "reads", "ready" })
  check.same(help.close_names("wirte", names), { "write" })
  check.same(help.close_names("", names), {})
  check.same(help.close_names("WRITE", names), { "write" })
end)

check.done()
