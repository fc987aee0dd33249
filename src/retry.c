/* SPDX-License-Identifier: MIT */
#include "retry.h"

#include <math.h>

#define BASE_SECONDS  0.5
#define CAP_SECONDS   20.0
#define RETRY_COST    5.0
#define TIMEOUT_COST  10.0
#define LEAST_REFUND  1.0
#define MAX_DOUBLINGS 16 /* far beyond the cap, and no overflow */

static double backoff(unsigned retries, double random) {
    int doublings = retries < MAX_DOUBLINGS ? (int)retries : MAX_DOUBLINGS;
    return random * fmin(CAP_SECONDS, ldexp(BASE_SECONDS, doublings));
}

struct pc_retry_answer pc_retry_decide(const struct pc_retry_question *question) {
    struct pc_retry_answer answer = {
        .pause = fmax(backoff(question->retries, question->random), question->retry_after),
        .cost = question->timed_out ? TIMEOUT_COST : RETRY_COST,
    };
    answer.again = question->is_retryable && question->retries < question->max_retries &&
                   answer.pause <= question->max_retry_after &&
                   answer.pause < question->time_left && answer.cost <= question->budget;
    return answer;
}

double pc_retry_refund(double budget, double spent) {
    return fmin(PC_RETRY_BUDGET, budget + fmax(spent, LEAST_REFUND));
}
