-- lua5.4 tools/embed.lua LUA_DIR OUT.cpp: the modules of LUA_DIR as one C++ file, which
-- defines what shell/bridge/embedded.hpp declares. lua/manifest/timer.lua is the module
-- "manifest.timer". OUT is written only when its content changes.
local lua_dir, out = arg[1], arg[2]
if not out then
  io.stderr:write("usage: lua5.4 tools/embed.lua LUA_DIR OUT.cpp\n")
  os.exit(2)
end
lua_dir = lua_dir:gsub("/+$", "")

local PIECE = 15000  -- bytes in one literal: compilers refuse very long ones

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("a")
  file:close()
  return text
end

--- { name =, path = } of every module, sorted by name.
local function find_modules()
  local quoted = "'" .. lua_dir:gsub("'", [['\'']]) .. "'"
  local pipe = assert(io.popen("find " .. quoted .. " -type f -name '*.lua'"))
  local modules = {}
  for path in pipe:lines() do
    local name = path:sub(#lua_dir + 2, -5):gsub("/", ".")
    modules[#modules + 1] = { name = name, path = path }
  end
  assert(pipe:close(), "cannot list " .. lua_dir)
  table.sort(modules, function(a, b) return a.name < b.name end)
  return modules
end

--- `source` as adjacent raw literals, each ending with a line where it can.
local function literal(source)
  local delimiter = "lua"
  while source:find(")" .. delimiter .. '"', 1, true) do delimiter = delimiter .. "_" end
  local pieces, from = {}, 1
  repeat
    local upto = math.min(from + PIECE - 1, #source)
    if upto < #source then
      local line_end = source:sub(from, upto):match(".*()\n")
      if line_end then upto = from + line_end - 1 end
    end
    pieces[#pieces + 1] = ('R"%s(%s)%s"'):format(delimiter, source:sub(from, upto), delimiter)
    from = upto + 1
  until from > #source
  return table.concat(pieces, "\n    ")
end

local sources, entries = {}, {}
for i, module in ipairs(find_modules()) do
  local source = assert(read_file(module.path))
  assert(not source:find("[\r\0]"), module.path .. ": a carriage return or zero byte")
  sources[i] = ("constexpr char kSource%d[] =\n    %s;\n"):format(i, literal(source))
  entries[i] = ('    {"%s", kSource%d, sizeof(kSource%d) - 1},\n'):format(module.name, i, i)
end

local text = table.concat {
  "// Made by tools/embed.lua from lua/; not to be edited.\n",
  '#include "bridge/embedded.hpp"\n\nnamespace moonwire {\nnamespace {\n\n',
  table.concat(sources, "\n"),
  "\n}  // namespace\n\nconst EmbeddedModule kEmbeddedModules[] = {\n",
  table.concat(entries),
  "};\nconst std::size_t kEmbeddedModuleCount = ", #entries, ";\n\n}  // namespace moonwire\n",
}

if read_file(out) ~= text then
  local file = assert(io.open(out, "wb"))
  assert(file:write(text))
  assert(file:close())
end
