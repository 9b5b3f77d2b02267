/* The original whisper.cpp on one recording: what parley's ear is measured against.
 *
 *   whisper_peer LIBRARIES MODEL SAMPLES THREADS ROUNDS
 *
 * LIBRARIES: the folder with libwhisper.so and the ggml libraries, the very ones that parley loads.
 * SAMPLES:   raw 32-bit floats, 16 kHz mono.
 * Prints a line a round: seconds on the clock, processor seconds; then the text. A round makes a state, runs
 * whisper_full with the library's own defaults (greedy, flash attention, English) and frees the state.
 *
 * Declared here is only what is used of whisper.h (ggml-org/whisper.cpp, June 2026); the checks below end the program if
 * the library has another layout.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct context_params { bool use_gpu, flash_attn; char rest[46]; };

struct full_params {
    int strategy, n_threads, n_max_text_ctx, offset_ms, duration_ms;
    bool translate, no_context, no_timestamps, single_segment, print_special, print_progress, print_realtime, print_timestamps;
    char middle[128 - 28];
    float temperature_inc;
    char rest[304 - 132];
};

static void quiet(int level, const char *text, void *user) { (void)level; (void)text; (void)user; }

static double clock_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static double processor_seconds(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static void *library(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    void *handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!handle) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    return handle;
}

static void *function(void *whisper, const char *name) {
    void *f = dlsym(whisper, name);
    if (!f) {
        fprintf(stderr, "libwhisper has no %s\n", name);
        exit(1);
    }
    return f;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: whisper_peer LIBRARIES MODEL SAMPLES THREADS ROUNDS\n");
        return 2;
    }
    library(argv[1], "libggml-base-whisper.so");
    library(argv[1], "libggml-cpu-whisper.so");
    library(argv[1], "libggml-whisper.so");
    void *w = library(argv[1], "libwhisper.so");
    void (*log_set)(void (*)(int, const char *, void *), void *) = function(w, "whisper_log_set");
    struct context_params *(*context_defaults)(void) = function(w, "whisper_context_default_params_by_ref");
    struct full_params *(*full_defaults)(int) = function(w, "whisper_full_default_params_by_ref");
    void *(*open)(const char *, struct context_params) = function(w, "whisper_init_from_file_with_params_no_state");
    void *(*state_init)(void *) = function(w, "whisper_init_state");
    void (*state_free)(void *) = function(w, "whisper_free_state");
    int (*full)(void *, void *, struct full_params, const float *, int) = function(w, "whisper_full_with_state");
    int (*segments)(void *) = function(w, "whisper_full_n_segments_from_state");
    const char *(*text)(void *, int) = function(w, "whisper_full_get_segment_text_from_state");

    FILE *file = fopen(argv[3], "rb");
    if (!file) {
        perror(argv[3]);
        return 1;
    }
    fseek(file, 0, SEEK_END);
    long count = ftell(file) / (long)sizeof(float);
    rewind(file);
    float *samples = malloc(count * sizeof(float));
    if (!samples || fread(samples, sizeof(float), count, file) != (size_t)count) {
        fprintf(stderr, "cannot read %s\n", argv[3]);
        return 1;
    }
    fclose(file);

    log_set(quiet, NULL);
    struct context_params context_params = *context_defaults();
    struct full_params params = *full_defaults(0);
    if (!params.no_context || !params.print_timestamps || params.temperature_inc < 0.19f || params.temperature_inc > 0.21f || !context_params.flash_attn) {
        fprintf(stderr, "this libwhisper has another layout or other defaults than June 2026\n");
        return 1;
    }
    context_params.use_gpu = false;
    params.n_threads = atoi(argv[4]);
    params.print_progress = params.print_timestamps = false;

    void *context = open(argv[2], context_params);
    if (!context) {
        fprintf(stderr, "cannot load %s\n", argv[2]);
        return 1;
    }
    for (int round = 0; round < atoi(argv[5]); round++) {
        double wall = clock_seconds(), processor = processor_seconds();
        void *state = state_init(context);
        if (full(context, state, params, samples, (int)count) != 0) {
            fprintf(stderr, "whisper_full failed\n");
            return 1;
        }
        printf("%.6f %.6f\t", clock_seconds() - wall, processor_seconds() - processor);
        for (int i = 0; i < segments(state); i++)
            fputs(text(state, i), stdout);
        putchar('\n');
        fflush(stdout);
        state_free(state);
    }
    return 0;
}
