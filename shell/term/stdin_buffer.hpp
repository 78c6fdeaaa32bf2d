// Standard input, for three parties at once: the prompt, tasks that wait for it, and
// stdio (`stdin` is replaced by a stream that reads from here). What has been read and
// not taken stands in one buffer; only stdio blocks, and only when that is empty.
// One thread.
#pragma once

#include <cstdio>
#include <string>

#include "base/buffer.hpp"
#include "reactor/reactor.hpp"

namespace moonwire {

class StdinBuffer final : Watch::Watcher {
 public:
  class Listener {
   public:
    /// `fresh` has come, and is in the buffer; empty: the input has ended.
    virtual void on_input(std::string_view fresh) = 0;
    /// stdio is about to wait for a line, the loop standing still; it has one.
    virtual void on_wait(bool begins) = 0;

   protected:
    ~Listener() = default;
  };

  /// Takes over `stdin`; reads descriptor 0. One at a time.
  StdinBuffer();
  ~StdinBuffer();
  StdinBuffer(const StdinBuffer&) = delete;
  StdinBuffer& operator=(const StdinBuffer&) = delete;

  /// Tells `listener` what comes, while want(true). Both must outlive the buffer, or stop().
  void start(Reactor& reactor, Listener& listener);
  void stop();

  /// Whether the loop reads ahead. Off: what comes waits in the kernel.
  void want(bool on);

  /// What was read and not taken. An append makes the view void.
  std::string_view view();
  void consume(std::size_t count);

  /// An end was seen behind view(), and not taken. A terminal goes on after it.
  bool ended() const { return ended_; }
  void take_end() { ended_ = false; }

  /// Drops what was typed ahead, here and in the kernel, as that does at Ctrl-C; returns it.
  std::string discard();

  /// Bytes are here, or an end: reading now would not wait.
  bool ready() { return ended_ || !view().empty(); }

 private:
  static constexpr std::size_t kChunk = 64 * 1024;

  static ssize_t give(void* buffer, char* data, std::size_t size);
  static int seek(void* buffer, off64_t* offset, int whence);

  void on_ready(Ready ready) override;
  bool fill();
  bool wait();
  void reclaim();

  FILE* old_;
  FILE* stream_;
  Reactor* reactor_ = nullptr;
  Listener* listener_ = nullptr;
  Watch watch_{*this};
  Buffer bytes_;
  bool ended_ = false;
  bool broken_ = false;  // cannot be watched: every wait ends at once
};

}  // namespace moonwire
