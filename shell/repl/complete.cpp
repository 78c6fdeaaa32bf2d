#include "repl/complete.hpp"

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>

#include "net/local_names.hpp"
#include "repl/completion_context.hpp"
#include "repl/file_names.hpp"
#include "repl/lua_text.hpp"
#include "repl/variables.hpp"

namespace moonwire {

using Kind = CompletionContext::Kind;
using Candidate = LineEditor::Candidate;

/// What has been found; the limits of a completion.
struct Completer::Names {
  static constexpr std::size_t kMost = 2000;
  static constexpr int kMostEntries = 100000;  // looked at: a table may have millions
  static constexpr Nanoseconds kPatience = std::chrono::milliseconds(20);

  std::map<std::string, Candidate> found;
  TimePoint deadline = Clock::now() + kPatience;
  int entries = 0;
  bool all = true;

  /// Looking at one more is within the limits.
  bool goes_on() {
    if (found.size() >= kMost || ++entries > kMostEntries) all = false;
    if (entries % 256 == 0 && Clock::now() > deadline) all = false;
    return all;
  }
  void add(Candidate candidate) {
    const auto [at, is_new] = found.try_emplace(candidate.text);
    if (is_new) at->second = std::move(candidate);
  }
};

/// To a function of lua/completion.lua.
struct Completer::Question {
  const char* function;
  std::string owner;  // empty: none
  std::string name;
  std::vector<std::string_view> list;
  std::string_view key = {};
};

namespace {

constexpr int kMostSteps = 10;          // from a metatable to the next
constexpr std::size_t kMostNoted = 40;  // candidates with a line each

// --- values: nothing here calls what the user wrote -----------------------------------------

/// Replaces the value on top by what its missing fields come from; false, and nothing
/// changes, if there is no table behind it. [-1, +1, m]
bool step_to_index(lua_State* L) {
  if (!lua_getmetatable(L, -1)) return false;
  lua_pushliteral(L, "__index");
  lua_rawget(L, -2);
  lua_remove(L, -2);
  // Our objects: a C function over the table of their members.
  if (lua_iscfunction(L, -1) && lua_getupvalue(L, -1, 1) != nullptr) lua_remove(L, -2);
  if (!lua_istable(L, -1)) {
    lua_pop(L, 1);
    return false;
  }
  lua_remove(L, -2);
  return true;
}

void push_key(lua_State* L, const Path::Step& step) {
  lua_Integer index = 0;
  if (step.is_index) {
    std::from_chars(step.name.data(), step.name.data() + step.name.size(), index);
    lua_pushinteger(L, index);
  } else {
    lua_pushlstring(L, step.name.data(), step.name.size());
  }
}

/// Replaces the value on top by its field, without metamethods. [-1, +1, m]
void get_field(lua_State* L, const Path::Step& step) {
  for (int i = 0; i < kMostSteps; ++i) {
    if (lua_istable(L, -1)) {
      push_key(L, step);
      lua_rawget(L, -2);
      if (!lua_isnil(L, -1)) return lua_remove(L, -2);
      lua_pop(L, 1);
    }
    if (!step_to_index(L)) break;
  }
  lua_pop(L, 1);
  lua_pushnil(L);
}

/// The value that the first `count` steps lead to; the globals for none. [-0, +1, m]
void push_value(Runtime& runtime, const Path& path, std::size_t count) {
  lua_State* L = runtime.main_state();
  std::size_t i = 0;
  if (count > 0 && push_local(runtime, path.steps[0].name)) {
    i = 1;
  } else {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  }
  for (; i < count; ++i) get_field(L, path.steps[i]);
}

/// Pushes a field of the metatable of the value on top, nil if there is none. [-0, +1, m]
void push_metafield(lua_State* L, const char* name) {
  if (!lua_getmetatable(L, -1)) return lua_pushnil(L);
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  lua_remove(L, -2);
}

std::string_view string_at(lua_State* L, int index) {
  std::size_t size = 0;
  const char* text = lua_tolstring(L, index, &size);
  return {text, size};
}

/// What stands between quotes so that Lua reads `text`; empty if it is better not written so.
std::string quoted_form(std::string_view text, char quote) {
  std::string form;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return {};
    if (c == quote || c == '\\') form += '\\';
    form += c;
  }
  return form;
}

/// And back, as far as quoted_form() goes.
std::string meant_by(std::string_view form) {
  std::string text;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '\\' && i + 1 < form.size()) ++i;
    text += form[i];
  }
  return text;
}

// --- protected calls ------------------------------------------------------------------------

thread_local TimePoint call_ends;  // for the hook, which is given nothing

void check_time(lua_State* L, lua_Debug*) {
  if (Clock::now() > call_ends) luaL_error(L, "too slow");
}

/// Calls function(data) with what it raises dropped; nothing stays on the stack.
void protect(lua_State* L, int (*function)(lua_State*), void* data) {
  if (!lua_checkstack(L, LUA_MINSTACK)) return;
  const int top = lua_gettop(L);
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, data);
  (void)lua_pcall(L, 1, 0, 0);  // an error is no reason to trouble who typed a Tab
  lua_settop(L, top);
}

/// The same, with a limit for the user's code in it.
void protect_until(TimePoint deadline, lua_State* L, int (*function)(lua_State*), void* data) {
  constexpr int kInstructions = 1000;
  const lua_Hook hook = lua_gethook(L);
  const int mask = lua_gethookmask(L);
  const int count = lua_gethookcount(L);
  call_ends = deadline;
  lua_sethook(L, check_time, LUA_MASKCOUNT, kInstructions);
  protect(L, function, data);
  lua_sethook(L, hook, mask, count);
}

template <typename T>
T& data_of(lua_State* L) {
  return *static_cast<T*>(lua_touserdata(L, 1));
}

}  // namespace

// --- members ----------------------------------------------------------------------------------

namespace {

/// A name as it is completed; without text if it does not fit.
Candidate member(std::string_view name, bool callable, const CompletionContext& context,
                 char quote) {
  if (context.kind == Kind::kKey) {
    std::string form = quoted_form(name, quote);
    if (form.empty() || !form.starts_with(context.word)) return {};
    return {std::move(form), {quote, ']'}};
  }
  if (!is_name(name) || !name.starts_with(context.word)) return {};
  if (context.method && !callable) return {};
  const bool global = context.path.steps.empty();
  if (global && context.word.empty() && name.starts_with('_')) return {};  // only when asked for
  return {std::string(name), callable ? "(" : ""};
}

}  // namespace

void Completer::add_members(Names& names, const CompletionContext& context) {
  struct Search {
    Runtime& runtime;
    Names& names;
    const CompletionContext& context;
    char quote;

    void add(std::string_view name, bool callable) {
      Candidate candidate = member(name, callable, context, quote);
      if (!candidate.text.empty()) names.add(std::move(candidate));
    }
    /// Of the table on top. [-0, +0, -]
    void add_table(lua_State* L) {
      lua_pushnil(L);
      while (lua_next(L, -2) != 0) {
        const bool callable = lua_isfunction(L, -1);
        lua_pop(L, 1);
        if (!names.goes_on()) return lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) add(string_at(L, -1), callable);
      }
    }
    /// What __complete of the value on top offers. [-0, +0, mv]
    void add_offered(lua_State* L) {
      push_metafield(L, "__complete");
      if (!lua_isfunction(L, -1)) return lua_pop(L, 1);
      lua_pushvalue(L, -2);
      lua_call(L, 1, 1);
      for (lua_Integer i = 1; lua_istable(L, -1) && names.goes_on(); ++i) {
        const int type = lua_rawgeti(L, -1, i);
        if (type == LUA_TSTRING) add(string_at(L, -1), context.method);
        lua_pop(L, 1);
        if (type == LUA_TNIL) break;
      }
      lua_pop(L, 1);
    }
    static int run(lua_State* L) {
      Search& search = data_of<Search>(L);
      push_value(search.runtime, search.context.path, search.context.path.steps.size());
      lua_pushvalue(L, -1);
      for (int i = 0; i < kMostSteps; ++i) {
        if (lua_istable(L, -1)) search.add_table(L);
        if (!step_to_index(L)) break;
      }
      lua_pop(L, 1);
      search.add_offered(L);
      return 0;
    }
  };
  Search search{runtime_, names, context, '"'};
  if (context.kind == Kind::kKey) search.quote = context.word.data()[-1];
  protect_until(names.deadline, runtime_.main_state(), &Search::run, &search);
  if (!context.path.steps.empty()) return;
  for (const std::string& name : local_names(runtime_)) {
    if (!push_local(runtime_, name)) continue;
    search.add(name, lua_isfunction(runtime_.main_state(), -1));
    lua_pop(runtime_.main_state(), 1);
  }
  for (const std::string_view keyword : kKeywords) {
    if (keyword.starts_with(context.word)) names.add({std::string(keyword)});
  }
}

// --- the manifest -----------------------------------------------------------------------------

std::vector<std::string> Completer::ask(const Question& question) {
  struct Asking {
    const Question& question;
    std::vector<std::string> answer;

    static void push(lua_State* L, std::string_view text) {
      lua_pushlstring(L, text.data(), text.size());
    }
    static int run(lua_State* L) {
      Asking& asking = data_of<Asking>(L);
      const Question& question = asking.question;
      lua_getglobal(L, "require");
      lua_pushliteral(L, "completion");
      lua_call(L, 1, 1);
      lua_getfield(L, -1, question.function);
      if (question.owner.empty()) {
        lua_pushnil(L);
      } else {
        push(L, question.owner);
      }
      push(L, question.name);
      lua_newtable(L);
      lua_Integer count = 0;
      for (const std::string_view text : question.list) {
        push(L, text);
        lua_rawseti(L, -2, ++count);
      }
      push(L, question.key);
      lua_call(L, 4, 1);
      const lua_Unsigned size = lua_rawlen(L, -1);
      for (lua_Unsigned i = 1; i <= size; ++i) {
        lua_rawgeti(L, -1, static_cast<lua_Integer>(i));
        asking.answer.emplace_back(string_at(L, -1));
        lua_pop(L, 1);
      }
      return 0;
    }
  };
  Asking asking{question, {}};
  protect(runtime_.main_state(), &Asking::run, &asking);
  asking.answer.resize(asking.answer.size() / 3 * 3);
  return std::move(asking.answer);
}

/// What the metatable of the value that the first `steps` lead to is called.
std::string Completer::class_of(const Path& path, std::size_t steps) {
  struct Look {
    Runtime& runtime;
    const Path& path;
    std::size_t steps;
    std::string name;

    static int run(lua_State* L) {
      Look& look = data_of<Look>(L);
      push_value(look.runtime, look.path, look.steps);
      if (lua_type(L, -1) != LUA_TUSERDATA) return 0;
      push_metafield(L, "__name");
      if (lua_type(L, -1) == LUA_TSTRING) look.name = string_at(L, -1);
      return 0;
    }
  };
  Look look{runtime_, path, steps, {}};
  if (steps > 0) protect(runtime_.main_state(), &Look::run, &look);
  return std::move(look.name);
}

namespace {

std::string dotted(const Path& path, std::size_t steps) {
  std::string text;
  for (std::size_t i = 0; i < steps; ++i) (text += path.steps[i].name) += '.';
  return text;
}

}  // namespace

void Completer::add_notes(Completion& completion, const CompletionContext& context) {
  if (completion.candidates.size() > kMostNoted) return;
  const std::size_t steps = context.path.steps.size();
  const std::string owner = class_of(context.path, steps);
  Question question{"notes", owner, owner.empty() ? dotted(context.path, steps) : "", {}};
  for (const Candidate& candidate : completion.candidates) {
    question.list.push_back(candidate.text);
  }
  const std::vector<std::string> notes = ask(question);
  for (std::size_t i = 0; i < notes.size(); i += 3) {
    for (Candidate& candidate : completion.candidates) {
      if (candidate.text != notes[i]) continue;
      candidate.title = notes[i + 1];
      candidate.summary = notes[i + 2];
    }
  }
}

namespace {

/// The name of the function that is called, without the value it is a method of.
std::string called_name(const Call& call, const std::string& owner) {
  const std::size_t steps = call.function.steps.size();
  const std::string last(call.function.steps[steps - 1].name);
  return owner.empty() ? dotted(call.function, steps - 1) + last : last;
}

std::size_t steps_to_owner(const Call& call) {
  return call.method ? call.function.steps.size() - 1 : 0;
}

}  // namespace

/// Fields of the option table that the cursor is in, without those it has.
void Completer::add_options(Names& names, const CompletionContext& context) {
  const Call& call = context.call;
  const std::string owner = class_of(call.function, steps_to_owner(call));
  const auto options = ask({"options", owner, called_name(call, owner), call.fields});
  for (std::size_t i = 0; i < options.size(); i += 3) {
    const auto& given = context.given;
    if (!options[i].starts_with(context.word)) continue;
    if (std::find(given.begin(), given.end(), options[i]) != given.end()) continue;
    names.add({options[i], " = ", options[i + 1], options[i + 2]});
  }
}

// --- in quotes ---------------------------------------------------------------------------------

void Completer::load_hosts() {
  hosts_ = all_hosts_file_names();
  std::vector<std::string> files{"/etc/ssh/ssh_known_hosts"};
  if (const char* home = std::getenv("HOME"))
    files.push_back(home + std::string("/.ssh/known_hosts"));
  for (const std::string& file : files) {
    for (std::string& name : known_hosts_names(file.c_str())) hosts_.push_back(std::move(name));
  }
}

/// What an option's string may be; false if it is any.
bool Completer::add_words(Names& names, const CompletionContext& context) {
  const Call& call = context.call;
  if (!call.in_table || context.key.empty()) return false;
  const std::string owner = class_of(call.function, steps_to_owner(call));
  const auto words = ask({"words", owner, called_name(call, owner), call.fields, context.key});
  for (std::size_t i = 0; i < words.size(); i += 3) {
    if (words[i].starts_with(context.word)) names.add({words[i]});
  }
  return !words.empty();
}

bool Completer::takes_host(const CompletionContext& context) {
  const Call& call = context.call;
  if (call.function.steps.empty() || call.in_table || call.argument != 0) return false;
  if (context.word.starts_with('/') || context.word.starts_with('.')) return false;  // unix
  const std::string owner = class_of(call.function, steps_to_owner(call));
  return !ask({"host", owner, called_name(call, owner), {}}).empty();
}

/// Words of an option, hosts, or files.
void Completer::add_texts(Names& names, const CompletionContext& context) {
  const char quote = context.word.data()[-1];
  if (takes_host(context)) {
    const std::size_t scheme = context.word.rfind("://");
    const std::size_t from = scheme == std::string_view::npos ? 0 : scheme + 3;
    for (const std::string& host : hosts_) {
      if (!host.starts_with(context.word.substr(from)) || !names.goes_on()) continue;
      names.add({std::string(context.word.substr(0, from)) + host});
    }
  } else if (!add_words(names, context)) {
    each_file_name(meant_by(context.word), [&](const std::string& path, bool is_folder) {
      const std::string form = quoted_form(path, quote);
      const std::string ending(is_folder ? 0 : 1, quote);
      if (form.starts_with(context.word)) names.add({form, ending});
      return names.goes_on();
    });
  }
}

void Completer::add_files(Completion& completion, std::string_view word) {
  Names names;
  each_file_name(std::string(word), [&](const std::string& path, bool) {
    names.add({path});
    return names.goes_on();
  });
  give(completion, names);
}

void Completer::give(Completion& completion, Names& names) {
  completion.all = names.all;
  for (auto& [name, candidate] : names.found) {
    completion.candidates.push_back(std::move(candidate));
  }
}

LineEditor::Completion Completer::complete(std::string_view block, std::size_t cursor) {
  const CompletionContext context = completion_context(block, cursor);
  Completion completion;
  completion.from = context.from;
  if (context.kind == Kind::kNothing) return completion;
  Names names;
  if (context.at_key) add_options(names, context);
  const bool is_option = !names.found.empty();
  if (context.kind == Kind::kText) {
    add_texts(names, context);
  } else if (!is_option) {
    add_members(names, context);
  }
  give(completion, names);
  for (Candidate& candidate : completion.candidates) {
    // What follows the cursor already is not put there again.
    if (block.substr(cursor).starts_with(candidate.ending)) candidate.ending.clear();
  }
  if (context.kind == Kind::kName && !is_option) add_notes(completion, context);
  return completion;
}

}  // namespace moonwire
