// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

#include "failing_allocator.h"

#include <elf.h>
#include <execinfo.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

// Where code is mapped. An allocation is of the first that is not kPassedOn, from its caller up.
enum class Owner { kOther, kLibrary, kProtobuf, kPassedOn };

struct Mapping {
  uintptr_t begin;
  uintptr_t end;
  Owner owner;
};

constexpr int kMostMappings = 64;
Mapping mappings[kMostMappings];
int mapping_count = 0;
bool prepared = false;

std::atomic<bool> armed{false};
std::atomic<bool> all_threads{false};
thread_local bool this_thread = false;
std::atomic<bool> of_protobuf{false};
std::atomic<bool> only_once{false};
std::atomic<int64_t> fail_at{0};
std::atomic<int64_t> count{0};
thread_local bool looking = false;  // backtrace() may allocate

Owner OwnerOf(const void *address) {
  auto at = reinterpret_cast<uintptr_t>(address);
  for (int i = 0; i < mapping_count; ++i) {
    if (at >= mappings[i].begin && at < mappings[i].end) return mappings[i].owner;
  }
  return Owner::kOther;
}

Owner OwnerOfStack() {
  constexpr int kFrames = 48;
  void *frames[kFrames];
  looking = true;
  int depth = backtrace(frames, kFrames);
  looking = false;
  for (int i = 0; i < depth; ++i) {
    Owner owner = OwnerOf(frames[i]);
    if (owner != Owner::kPassedOn) return owner;
  }
  return Owner::kOther;
}

// Whether the allocation that this caller makes is one that fails.
bool Fails(const void *caller) {
  if (!armed.load(std::memory_order_relaxed) || looking) return false;
  if (!this_thread && !all_threads.load(std::memory_order_relaxed)) return false;
  Owner owner = OwnerOf(caller);
  if (owner == Owner::kPassedOn) owner = OwnerOfStack();
  if (owner != Owner::kLibrary && !(of_protobuf && owner == Owner::kProtobuf)) return false;
  int64_t number = ++count;
  return fail_at > 0 && (only_once ? number == fail_at : number >= fail_at);
}

void *Allocate(size_t size, const void *caller) {
  if (!Fails(caller)) {
    if (void *memory = std::malloc(size > 0 ? size : 1)) return memory;
  }
  throw std::bad_alloc();
}

// ---- malloc() and realloc() of the library, which it calls by its table of addresses

void *FailingMalloc(size_t size) {
  return Fails(__builtin_return_address(0)) ? nullptr : std::malloc(size);
}

void *FailingRealloc(void *memory, size_t size) {
  return Fails(__builtin_return_address(0)) ? nullptr : std::realloc(memory, size);
}

void Replace(void **slot, void *function) {
  auto page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  auto page = reinterpret_cast<uintptr_t>(slot) & ~(page_size - 1);
  if (mprotect(reinterpret_cast<void *>(page), page_size, PROT_READ | PROT_WRITE) != 0) abort();
  *slot = function;
  mprotect(reinterpret_cast<void *>(page), page_size, PROT_READ);
}

struct Tables {
  const ElfW(Sym) *symbols = nullptr;
  const char *names = nullptr;
  const ElfW(Rela) * relocations[2] = {};
  size_t sizes[2] = {};
};

Tables TablesOf(const dl_phdr_info &object) {
  Tables tables;
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    if (object.dlpi_phdr[i].p_type != PT_DYNAMIC) continue;
    auto *entry =
        reinterpret_cast<const ElfW(Dyn) *>(object.dlpi_addr + object.dlpi_phdr[i].p_vaddr);
    for (; entry->d_tag != DT_NULL; ++entry) {
      // The loader has made these addresses.
      auto *table = reinterpret_cast<const void *>(entry->d_un.d_ptr);
      if (entry->d_tag == DT_SYMTAB) tables.symbols = static_cast<const ElfW(Sym) *>(table);
      if (entry->d_tag == DT_STRTAB) tables.names = static_cast<const char *>(table);
      if (entry->d_tag == DT_JMPREL) tables.relocations[0] = static_cast<const ElfW(Rela) *>(table);
      if (entry->d_tag == DT_RELA) tables.relocations[1] = static_cast<const ElfW(Rela) *>(table);
      if (entry->d_tag == DT_PLTRELSZ) tables.sizes[0] = entry->d_un.d_val;
      if (entry->d_tag == DT_RELASZ) tables.sizes[1] = entry->d_un.d_val;
    }
  }
  return tables;
}

void ReplaceMalloc(const dl_phdr_info &object) {
  Tables tables = TablesOf(object);
  int replaced = 0;
  for (int i = 0; i < 2; ++i) {
    for (size_t j = 0; j < tables.sizes[i] / sizeof(ElfW(Rela)); ++j) {
      const ElfW(Rela) &relocation = tables.relocations[i][j];
      const char *name = tables.names + tables.symbols[ELF64_R_SYM(relocation.r_info)].st_name;
      auto *slot = reinterpret_cast<void **>(object.dlpi_addr + relocation.r_offset);
      if (std::strcmp(name, "malloc") == 0) {
        Replace(slot, reinterpret_cast<void *>(&FailingMalloc));
        ++replaced;
      } else if (std::strcmp(name, "realloc") == 0) {
        Replace(slot, reinterpret_cast<void *>(&FailingRealloc));
        ++replaced;
      }
    }
  }
  if (replaced < 2) {
    std::fputs("failing_allocator: the library calls no malloc() and realloc()\n", stderr);
    std::abort();
  }
}

int NoteObject(dl_phdr_info *object, size_t /*size*/, void * /*unused*/) {
  static constexpr struct {
    const char *name;
    Owner owner;
  } kObjects[] = {{"/libpygrpc.so", Owner::kLibrary},
                  {"/libprotobuf.so", Owner::kProtobuf},
                  {"/libstdc++.so", Owner::kPassedOn}};
  bool is_program = object->dlpi_name[0] == '\0' && mapping_count == 0;
  Owner owner = is_program ? Owner::kPassedOn : Owner::kOther;
  for (const auto &known : kObjects) {
    if (std::strstr(object->dlpi_name, known.name) != nullptr) owner = known.owner;
  }
  if (owner == Owner::kOther) return 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || mapping_count == kMostMappings) continue;
    uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    mappings[mapping_count++] = {begin, begin + segment.p_memsz, owner};
  }
  if (owner == Owner::kLibrary) ReplaceMalloc(*object);
  return 0;
}

}  // namespace

void allocator_prepare(void) {
  if (prepared) return;
  void *frame;
  backtrace(&frame, 1);  // the first time it loads a library
  dl_iterate_phdr(&NoteObject, nullptr);
  prepared = true;
}

void allocator_fail(int64_t n, bool once, allocator_scope scope, bool protobuf_too) {
  fail_at = n;
  only_once = once;
  of_protobuf = protobuf_too;
  count = 0;
  this_thread = true;
  all_threads = scope == ALLOCATOR_ALL_THREADS;
  armed = true;
}

int64_t allocator_stop(void) {
  armed = false;
  this_thread = false;
  return count;
}

// Of the sanitizers' own, each would be a different kind of memory.
void *operator new(size_t size) { return Allocate(size, __builtin_return_address(0)); }
void *operator new[](size_t size) { return Allocate(size, __builtin_return_address(0)); }
void *operator new(size_t size, const std::nothrow_t &) noexcept {
  return Fails(__builtin_return_address(0)) ? nullptr : std::malloc(size > 0 ? size : 1);
}
void *operator new[](size_t size, const std::nothrow_t &) noexcept {
  return Fails(__builtin_return_address(0)) ? nullptr : std::malloc(size > 0 ? size : 1);
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete[](void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
void operator delete[](void *memory, size_t) noexcept { std::free(memory); }
void operator delete(void *memory, const std::nothrow_t &) noexcept { std::free(memory); }
void operator delete[](void *memory, const std::nothrow_t &) noexcept { std::free(memory); }
