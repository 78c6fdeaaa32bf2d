#include <algorithm>

#include "reactor/pollers.hpp"

namespace moonwire {
namespace {

/// The array that poll() reads is kept as it is from call to call; `places_` finds a
/// descriptor in it.
class PollPoller final : public Poller {
 public:
  const char* name() const override { return "poll"; }

  Status add(int fd, Ready interest, std::uint64_t tag) override {
    const auto id = check_pollable(fd);
    if (!id) return tl::unexpected(id.error());
    const auto index = static_cast<std::size_t>(fd);
    if (index >= places_.size()) places_.resize(index + 1, kNowhere);
    if (places_[index] != kNowhere) return modify(fd, interest, tag);
    places_[index] = entries_.size();
    entries_.push_back({fd, to_poll(interest), 0});
    tags_.push_back(tag);
    ids_.push_back(*id);
    return {};
  }

  Status modify(int fd, Ready interest, std::uint64_t tag) override {
    const std::size_t place = place_of(fd);
    if (place == kNowhere) {
      return failure(static_cast<Code>(ENOENT), "watch", "descriptor " + std::to_string(fd));
    }
    entries_[place].events = to_poll(interest);
    tags_[place] = tag;
    return {};
  }

  void remove(int fd) override {
    const std::size_t place = place_of(fd);
    if (place == kNowhere) return;
    entries_[place] = entries_.back();
    tags_[place] = tags_.back();
    ids_[place] = ids_.back();
    places_[static_cast<std::size_t>(entries_[place].fd)] = place;
    places_[static_cast<std::size_t>(fd)] = kNowhere;
    entries_.pop_back();
    tags_.pop_back();
    ids_.pop_back();
  }

  bool holds(int fd, Ready, std::uint64_t) override {
    const std::size_t place = place_of(fd);
    const auto id = check_pollable(fd);
    return id && place != kNowhere && *id == ids_[place];
  }

  bool asks_by_number() const override { return true; }

  Status wait(Nanoseconds timeout, std::vector<PollEvent>& ready) override {
    int left = poll_for(entries_, timeout);
    if (left < 0) return errno == EINTR ? Status() : system_failure("poll");
    for (std::size_t i = 0; left > 0 && i < entries_.size(); ++i) {
      if (entries_[i].revents == 0) continue;
      ready.push_back({tags_[i], from_poll(static_cast<unsigned short>(entries_[i].revents))});
      --left;
    }
    return {};
  }

 private:
  static constexpr std::size_t kNowhere = ~std::size_t{0};

  std::size_t place_of(int fd) const {
    const auto index = static_cast<std::size_t>(fd);
    return fd >= 0 && index < places_.size() ? places_[index] : kNowhere;
  }

  std::vector<pollfd> entries_;
  std::vector<std::uint64_t> tags_;  // beside entries_
  std::vector<FileId> ids_;          // beside them as well
  std::vector<std::size_t> places_;  // by descriptor
};

}  // namespace

std::unique_ptr<Poller> make_poll_poller() { return std::make_unique<PollPoller>(); }

}  // namespace moonwire
