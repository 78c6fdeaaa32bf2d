// What runs for a typed line: it holds the prompt back until it has ended, or Ctrl-Z makes
// it a job; then its results are shown.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "repl/chunk_scan.hpp"
#include "repl/repl.hpp"

namespace moonwire {
namespace {

std::string job_name(int number) { return "[" + std::to_string(number) + "]"; }

/// "sleep(10)": the first line of a text.
std::string title(const std::string& text) {
  const std::size_t end = text.find('\n');
  return end == std::string::npos ? text : text.substr(0, end) + " ...";
}

/// An input is a function of ours when it has locals (variables.hpp); it is the main chunk
/// all the same.
std::string chunk_named(const std::string& traceback, int number) {
  const std::string own = "in function <(input " + std::to_string(number) + "):1>";
  if (!traceback.ends_with(own)) return traceback;
  return traceback.substr(0, traceback.size() - own.size()) + "in main chunk";
}

}  // namespace

/// Starts what stands on the main stack; there is no prompt until it has ended.
void Repl::start_chunk(Chunk given, int arguments) {
  Chunk& chunk = chunks_.emplace_back(std::move(given));
  to_front(chunk);
  chunk.task = runtime_.start(arguments, this);
  if (chunk.task == nullptr) return end_chunk(chunk);
  runtime_.failure_watch.thread = chunk.task->thread;
  runtime_.failure_watch.text.clear();
  runtime_.failure_watch.text.reserve(Runtime::FailureWatch::kMost);  // none is asked for later
}

void Repl::to_front(Chunk& chunk) {
  chunk.job = 0;
  front_ = &chunk;
  editor_->stop();
}

void Repl::to_background() {
  if (front_->showing) return;
  front_->job = ++jobs_;
  kept_ = shell_.input_wanted();  // it goes on asking for a line
  const bool echoed = kept_ || (!rich_ && input_is_terminal_);
  print((echoed ? "\n" : "") + job_name(jobs_) + " running\n");  // behind the ^Z
  leave_front();
}

void Repl::leave_front() {
  front_ = nullptr;
  if (status_ < 0 && !shell_.exiting()) editor_->start();
}

/// Shows copies of the `count` values on top of the main stack, then ends the chunk.
void Repl::start_showing(Chunk& chunk, int count, std::string prefix) {
  chunk.prefix = std::move(prefix);
  chunk.showing = true;
  push_formatter(runtime_, count, look());
  chunk.task = runtime_.start(count, this);
  if (chunk.task == nullptr) end_chunk(chunk);
}

Look Repl::look() const {
  const PromptSettings& set = prompt_settings_;
  return {set.depth, set.items, set.width > 0 ? set.width : Terminal::size(STDOUT_FILENO).columns};
}

bool Repl::is_chunk(const Task* task) const {
  return task != nullptr && std::any_of(chunks_.begin(), chunks_.end(),
                                        [&](const Chunk& chunk) { return chunk.task == task; });
}

void Repl::on_task_end(Task& task, const Outcome& outcome) {
  const auto found = std::find_if(chunks_.begin(), chunks_.end(),
                                  [&](const Chunk& chunk) { return chunk.task == &task; });
  Chunk& chunk = *found;
  chunk.task = nullptr;
  if (runtime_.failure_watch.thread == task.thread) {
    chunk.failed_call = std::exchange(runtime_.failure_watch, {}).text;
  }
  if (!chunk.showing) return chunk_ended(chunk, outcome);
  if (outcome.ok) {
    print(chunk.prefix + text_on_top(runtime_) + "\n" + chunk.suffix);
  } else if (!outcome.cancelled) {
    show({"", outcome.message, outcome.traceback, {}, outcome.file});
  }
  end_chunk(chunk);
}

void Repl::chunk_ended(Chunk& chunk, const Outcome& outcome) {
  if (outcome.cancelled) {
    // os.exit ends it as well.
    if (!shell_.exiting()) {
      print(chunk.job != 0 ? job_name(chunk.job) + " killed\n" : "interrupted\n");
    }
    return end_chunk(chunk);
  }
  if (outcome.ok && chunk.shows_source) {
    show_source_of(outcome.results, chunk.text);
    return end_chunk(chunk);
  }
  const std::vector<GlobalChange> changes = changed_globals(runtime_);
  hints_.globals_changed(changes);
  if (!outcome.ok) return chunk_failed(chunk, outcome);
  if (chunk.job != 0) print(job_name(chunk.job) + " done\n");
  const std::string failed = failure_in(runtime_, outcome.results, is_call(chunk.text));
  if (outcome.results == 0 && !chunk.hidden && hints_.call_failed(chunk.text, chunk.failed_call)) {
    return end_chunk(chunk);
  }
  if (failed.empty()) log_input(chunk, changes);
  if (outcome.results == 0) return end_chunk(chunk);
  tell(remember_results(runtime_, outcome.results));
  if (!failed.empty()) tell(remember_failure(runtime_, outcome.results));
  if (chunk.hidden) return end_chunk(chunk);
  if (!failed.empty()) {
    show({"", failed, "", {}});
    return end_chunk(chunk);
  }
  start_showing(chunk, outcome.results, "");
}

void Repl::show_source_of(int results, const std::string& what) {
  const auto place = results > 0 ? place_of_function(runtime_, results) : std::nullopt;
  if (!place) return print(what + " is no function written in Lua\n");
  const std::string text = inputs_.lines(place->chunk, place->first, place->last);
  print(text.empty() ? "the source of " + what + " is not here: " + place->chunk + "\n" : text);
}

void Repl::log_input(const Chunk& chunk, const std::vector<GlobalChange>& changes) {
  if (chunk.logged) log_.add(*chunk.logged, changes, runtime_);
}

void Repl::chunk_failed(Chunk& chunk, const Outcome& outcome) {
  tell(remember_error(runtime_));
  const std::string traceback = chunk_named(outcome.traceback, chunk.number);
  const std::string source = chunk.job != 0 ? "job " + std::to_string(chunk.job) : "";
  if (wants_inspection(runtime_)) return show_value(chunk, source, traceback);
  show({source, outcome.message, traceback, {}, outcome.file});
  end_chunk(chunk);
}

/// An error that is no text, on top of the main stack.
void Repl::show_value(Chunk& chunk, const std::string& source, const std::string& traceback) {
  chunk.suffix = stack_text(traceback);
  start_showing(chunk, 1, failure_lead(source, prompt_settings_.color));
}

void Repl::end_chunk(Chunk& chunk) {
  if (chunk.timed) {
    char text[64];
    const std::chrono::duration<double, std::milli> took = Clock::now() - chunk.began;
    std::snprintf(text, sizeof text, "took %.3f ms\n", took.count());
    print(text);
  }
  const bool was_front = front_ == &chunk;
  chunks_.remove_if([&](const Chunk& other) { return &other == &chunk; });
  if (was_front) leave_front();
}

// --- jobs ------------------------------------------------------------------------------------

Repl::Chunk* Repl::find_job(int number) {
  Chunk* found = nullptr;
  for (Chunk& chunk : chunks_) {
    if (chunk.job == 0 || chunk.task == nullptr) continue;
    if (number == 0 ? found == nullptr || chunk.job > found->job : chunk.job == number) {
      found = &chunk;
    }
  }
  return found;
}

std::string Repl::jobs_text() const {
  std::string text;
  for (const Chunk& chunk : chunks_) {
    if (chunk.job == 0) continue;
    const auto age = std::chrono::floor<std::chrono::seconds>(Clock::now() - chunk.began).count();
    text +=
        job_name(chunk.job) + " running  " + std::to_string(age) + "s  " + title(chunk.text) + "\n";
  }
  return text;
}

std::string Repl::session_script() const {
  std::vector<SessionLog::Input> jobs;
  for (const Chunk& chunk : chunks_) {
    if (chunk.job != 0 && chunk.logged) jobs.push_back(*chunk.logged);
  }
  return log_.script(runtime_, jobs);
}

bool Repl::bring_to_front(int number) {
  Chunk* job = find_job(number);
  if (job == nullptr) return false;
  print(title(job->text) + "\n");
  to_front(*job);
  return true;
}

bool Repl::kill_job(int number) {
  Chunk* job = find_job(number);
  if (job == nullptr) return false;
  runtime_.end_task(*job->task);
  return true;
}

}  // namespace moonwire
