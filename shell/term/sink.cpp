#include "term/sink.hpp"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "term/terminal.hpp"

namespace moonwire {
namespace {

bool has_default_action(int number) {
  struct sigaction current {};
  ::sigaction(number, nullptr, &current);
  return (current.sa_flags & SA_SIGINFO) == 0 && current.sa_handler == SIG_DFL;
}

int seek(int fd, off64_t* offset, int whence) {
  const off64_t position = ::lseek64(fd, *offset, whence);
  if (position < 0) return -1;
  *offset = position;
  return 0;
}

/// What a cookie's write function answers; it must not be negative.
ssize_t taken(std::size_t size, int problem) {
  if (problem == 0) return static_cast<ssize_t>(size);
  errno = problem;
  return 0;
}

}  // namespace

Sink::Sink()
    : old_output_(stdout),
      old_error_(stderr),
      out_(STDOUT_FILENO),
      err_(STDERR_FILENO),
      output_is_terminal_(Terminal::is_terminal(STDOUT_FILENO)),
      error_joins_(Terminal::same_file(STDOUT_FILENO, STDERR_FILENO)),
      ends_by_pipe_(has_default_action(SIGPIPE)) {
  std::fflush(stdout);
  output_ = open(this, false);
  error_ = open(this, true);
  if (output_ == nullptr || error_ == nullptr) std::abort();  // no memory at the very start
  std::setvbuf(output_, nullptr, output_is_terminal_ ? _IOLBF : _IOFBF, BUFSIZ);
  std::setvbuf(error_, nullptr, _IONBF, 0);
  stdout = output_;
  stderr = error_;
}

Sink::~Sink() {
  drain();
  editor_ = nullptr;
  stdout = old_output_;
  stderr = old_error_;
  std::fclose(output_);
  std::fclose(error_);
}

FILE* Sink::open(Sink* sink, bool error) {
  cookie_io_functions_t functions{};
  functions.write = error ? take_error : take_output;
  functions.seek = error ? seek_error : seek_output;
  return ::fopencookie(sink, "w", functions);
}

void Sink::attach(LineEditor* editor) {
  flush();
  editor_ = editor;
}

ssize_t Sink::take_output(void* sink, const char* data, std::size_t size) {
  Sink& self = *static_cast<Sink*>(sink);
  if (self.is_foreign()) return self.keep_foreign(false, {data, size}), taken(size, 0);
  self.take_foreign();
  return taken(size, self.output({data, size}));
}

ssize_t Sink::take_error(void* sink, const char* data, std::size_t size) {
  Sink& self = *static_cast<Sink*>(sink);
  if (self.is_foreign()) return self.keep_foreign(true, {data, size}), taken(size, 0);
  self.take_foreign();
  return taken(size, self.error({data, size}));
}

void Sink::keep_foreign(bool error, std::string_view bytes) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = foreign_.empty();
    foreign_size_ += bytes.size();
    if (!first && foreign_.back().error == error) {
      foreign_.back().bytes += bytes;
    } else {
      foreign_.push_back({error, std::string(bytes)});
    }
  }
  if (first && on_foreign) on_foreign();
}

/// In the order printed, before anything that comes later. May be inside of stdio: nothing here
/// asks that to flush.
void Sink::take_foreign() {
  std::vector<Foreign> pieces;
  {
    const std::lock_guard lock(mutex_);
    pieces.swap(foreign_);
    foreign_size_ = 0;
    crowded_ = full();
  }
  taken_.notify_all();
  for (const Foreign& each : pieces) {
    (void)(each.error ? put_error(each.bytes) : output(each.bytes));
  }
}

bool Sink::wait_for_room(std::chrono::nanoseconds patience) {
  std::unique_lock lock(mutex_);
  return taken_.wait_for(lock, patience, [this] { return !crowded_ && foreign_size_ < kForeign; });
}

int Sink::seek_output(void* sink, off64_t* offset, int whence) {
  if (!static_cast<Sink*>(sink)->is_foreign()) static_cast<Sink*>(sink)->send();
  return seek(STDOUT_FILENO, offset, whence);
}

int Sink::seek_error(void*, off64_t* offset, int whence) {
  return seek(STDERR_FILENO, offset, whence);
}

void Sink::emit(std::string_view bytes) {
  if (copy) copy(bytes);
  editor_->emit(bytes);
}

int Sink::output(std::string_view bytes) {
  if (editor_ != nullptr) {
    emit(bytes);
    return 0;
  }
  out_.append(bytes);
  const bool at_once = unbuffered_ || output_is_terminal_ || at_once_ > 0;
  if (!at_once && out_.pending() < kGather) return 0;
  if (at_once_ > 0) --at_once_;
  return send();
}

int Sink::error(std::string_view bytes) {
  std::fflush(output_);  // what was printed before comes before
  return put_error(bytes);
}

int Sink::put_error(std::string_view bytes) {
  if (editor_ != nullptr && error_joins_) {
    emit(bytes);
    return 0;
  }
  send();
  Outflow& way = error_joins_ && out_.can_block() ? out_ : err_;  // in order, if it is one pipe
  way.append(bytes);
  return way.send();
}

int Sink::send() { return note(out_.send()); }

int Sink::note(int problem) {
  if (problem == EPIPE && ends_by_pipe_) {
    ::signal(SIGPIPE, SIG_DFL);  // the reactor ignores it, for the sake of sockets
    ::raise(SIGPIPE);
  }
  if (problem != 0) untold_ = problem;
  if (problem != 0 && failure_ == 0 && problem != EPIPE) failure_ = problem;
  return problem;
}

int Sink::flush() {
  std::fflush(output_);
  take_foreign();
  send();
  (void)err_.send();
  if (editor_ != nullptr) editor_->repaint();
  return std::exchange(untold_, 0);
}

int Sink::drain(std::chrono::nanoseconds patience) {
  std::fflush(output_);
  take_foreign();
  note(out_.drain(patience));
  (void)err_.drain(patience);
  return flush();
}

bool Sink::full() const {
  const auto is_full = [](const Outflow& way) { return way.blocked() && way.pending() >= kGather; };
  return is_full(out_) || is_full(err_);
}

int Sink::blocked_descriptor(int which) const {
  const Outflow& way = which == 0 ? out_ : err_;
  return way.blocked() ? way.descriptor() : -1;
}

void Sink::end_turn() {
  flush();
  at_once_ = kAtOnce;
}

void Sink::write_error(std::string_view text) { std::fwrite(text.data(), 1, text.size(), error_); }

void Sink::write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), output_); }

}  // namespace moonwire
