#include "own-answers.h"

#include "bare-inodes.h"
#include "direct-read.h"
#include "known-attributes.h"

#include <stdlib.h>
#include <string.h>

struct own_answers {
  // Whether only root's requests are answered, on a mount that lets in nobody else; reads come through a file that was opened.
  bool is_for_root;
  struct direct_reads *reads;
  struct bare_inodes bare;
  const struct known_inode *known;
  union {
    struct fuse_out_header out;
    struct attributes_reply attributes;
  };
};

const size_t own_attributes_size = KNOWN_INODES * sizeof(struct known_inode);

_Static_assert(DIRECT_PIECES_MAX <= OWN_PIECES_MAX, "a read has more pieces than an answer");

struct own_answers *own_answers_new(const uint8_t *attributes) {
  struct own_answers *own = calloc(1, sizeof *own);
  if (own == NULL) return NULL;
  own->known = (const struct known_inode *)attributes;
  own->reads = direct_new();
  if (own->reads != NULL) return own;
  free(own);
  return NULL;
}

void own_answers_end(napi_env env, struct own_answers *own) { direct_end(env, own->reads); }

void own_answers_free(struct own_answers *own) {
  direct_free(own->reads);
  free(own);
}

static bool is_open_to(const struct own_answers *own, const uint8_t *request, size_t length) {
  struct fuse_in_header in;
  if (length < sizeof in) return false;
  memcpy(&in, request, sizeof in);
  return !own->is_for_root || in.uid == 0;
}

int own_answer(struct own_answers *own, const uint8_t *request, size_t length, struct iovec *pieces) {
  int count = direct_answer(own->reads, request, length, pieces);
  if (count > 0 || !is_open_to(own, request, length)) return count;
  if (!bare_answer(&own->bare, request, length, &own->out) &&
      !attributes_answer(own->known, request, length, &own->attributes))
    return 0;
  pieces[0] = (struct iovec){&own->out, own->out.len};
  return 1;
}

void own_answers_await(struct own_answers *own) { direct_await(own->reads); }

static napi_value read_from(napi_env env, struct own_answers *own, napi_callback_info info) {
  return direct_read_from(env, own->reads, info);
}

static napi_value grant(napi_env env, struct own_answers *own, napi_callback_info info) {
  return direct_grant(env, own->reads, info);
}

static napi_value recall(napi_env env, struct own_answers *own, napi_callback_info info) {
  return direct_recall(env, own->reads, info);
}

// setBare(inode, isBare)
static napi_value set_bare(napi_env env, struct own_answers *own, napi_callback_info info) {
  napi_value argument[2];
  int64_t ino;
  bool isBare;
  if (!shim_arguments(env, info, 2, argument, NULL) || !shim_int64(env, argument[0], &ino)) return NULL;
  if (napi_get_value_bool(env, argument[1], &isBare) != napi_ok) return shim_throw(env);
  if (isBare) bare_add(&own->bare, (uint64_t)ino);
  else bare_remove(&own->bare, (uint64_t)ino);
  return NULL;
}

static napi_value forget_bare(napi_env env, struct own_answers *own, napi_callback_info info) {
  (void)env, (void)info;
  bare_remove_all(&own->bare);
  return NULL;
}

static napi_value serve_root(napi_env env, struct own_answers *own, napi_callback_info info) {
  (void)env, (void)info;
  own->is_for_root = true;
  return NULL;
}

const struct own_method own_methods[OWN_METHODS] = {
    {"readFrom", read_from},
    {"grant", grant},
    {"recall", recall},
    {"setBare", set_bare},
    {"forgetBare", forget_bare},
    {"serveRoot", serve_root},
};
