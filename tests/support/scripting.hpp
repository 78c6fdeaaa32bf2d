// What the tests of the bridge share: a Runtime without a shell, that runs chunks and
// notes how they end.
#pragma once

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

#include <optional>
#include <string>
#include <vector>

#include "bridge/runtime.hpp"
#include "support/recorders.hpp"

namespace moonwire::test {

/// Notes the end of a chunk. Results are given as text, with blanks between.
struct Ending final : TaskObserver {
  int calls = 0;
  bool ok = false;
  bool cancelled = false;
  std::string results;  // or the error value
  std::string message, traceback;
  lua_State* main = nullptr;

  bool ended() const { return calls > 0; }

  void on_task_end(Task&, const Outcome& outcome) override {
    ++calls;
    ok = outcome.ok;
    cancelled = outcome.cancelled;
    message = outcome.message;
    traceback = outcome.traceback;
    const int top = lua_gettop(main);
    for (int i = top - outcome.results + 1; i <= top; ++i) {
      if (!results.empty()) results += ' ';
      results += text_at(i);
    }
  }

 private:
  /// Without memory of Lua's, and without raising.
  std::string text_at(int index) const {
    const int type = lua_type(main, index);
    if (type == LUA_TSTRING) return lua_tostring(main, index);
    if (type == LUA_TBOOLEAN) return lua_toboolean(main, index) ? "true" : "false";
    if (lua_isinteger(main, index)) return std::to_string(lua_tointeger(main, index));
    if (type == LUA_TNUMBER) return std::to_string(lua_tonumber(main, index));
    return lua_typename(main, type);
  }
};

struct Scripting {
  Reactor reactor{Reactor::best_poller()};
  std::vector<ErrorReport> reports;
  std::optional<Runtime> owned{std::in_place, reactor};

  Scripting() {
    runtime().reporter = [this](const ErrorReport& report) { reports.push_back(report); };
  }
  Runtime& runtime() { return *owned; }
  lua_State* main() { return runtime().main_state(); }

  /// Starts a chunk; false if it does not compile or cannot start.
  bool start(const std::string& code, Ending& ending, const char* name = "=test") {
    ending.main = main();
    if (luaL_loadbufferx(main(), code.data(), code.size(), name, "t") != LUA_OK) {
      ending.message = lua_tostring(main(), -1);
      lua_pop(main(), 1);
      return false;
    }
    return runtime().start(0, &ending) != nullptr;
  }
  bool turn(Nanoseconds most = std::chrono::milliseconds(100)) {
    return runtime().turn({.max_wait = most}).has_value();
  }
  template <typename Done>
  bool until(Done done, Nanoseconds patience = kPatience) {
    const TimePoint end = Clock::now() + patience;
    while (!done()) {
      if (Clock::now() >= end || !turn()) return false;
    }
    return true;
  }
  /// Runs a chunk to its end; "message" of a failure, its results otherwise.
  std::string run(const std::string& code) {
    Ending ending;
    if (!start(code, ending)) return "did not start: " + ending.message;
    if (!until([&] { return ending.ended(); })) return "did not end";
    return ending.ok ? ending.results : ending.message;
  }
  /// Turns until nothing can happen any more.
  bool settle() {
    return until([&] { return !runtime().anything_left(); });
  }
  /// For a test that waits in vain.
  std::string what_is_left() {
    std::string all;
    Handle* handle = nullptr;
    for (std::uint32_t slot = 0; runtime().handle_at(slot, handle); ++slot) {
      if (handle && handle->alive()) all += handle->describe() + "; ";
    }
    for (const auto& task : runtime().tasks()) {
      if (task && task->park) all += std::string("a task in ") + task->park->purpose + "; ";
    }
    return all;
  }
  /// Objects in the table.
  int handles() {
    int count = 0;
    Handle* handle = nullptr;
    for (std::uint32_t slot = 0; runtime().handle_at(slot, handle); ++slot)
      count += handle != nullptr;
    return count;
  }
  /// The table's size.
  int slots() {
    int count = 0;
    Handle* handle = nullptr;
    while (runtime().handle_at(static_cast<std::uint32_t>(count), handle)) ++count;
    return count;
  }
};

}  // namespace moonwire::test
