/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is done about an act that is about to happen. The record of it is the one
 * that would tell of it afterwards; rules, compiled, look at that, and say allow,
 * audit, deny or kill. The answer waits for nobody: a full ring loses the alert,
 * which is counted, and not the denial.
 *
 * Whose act it is goes by descent (lib/member.bpf.h), wherever the task has moved to.
 * An entry point says what the act is, and hands on what another module refused.
 */
#ifndef STOCKADE_LIB_DECIDE_H
#define STOCKADE_LIB_DECIDE_H

#include "lib/filter.bpf.h"
#include "lib/syscall.bpf.h"

#define EPERM 1
#define SIGKILL 9

/* In place of a slot's number: there was none. */
#define UNDECIDED -1

/* As FILTERS: programs that decide, a map for each hook. */
#define DECISIONS(hook)                                                                            \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                                             \
		__uint(max_entries, EVENT_TYPES);                                                  \
		__type(key, __u32);                                                                \
		__type(value, __u32);                                                              \
	} decide_##hook SEC(".maps");                                                              \
                                                                                                   \
	static __noinline int ask_to_##hook(void *ctx, __u32 type)                                 \
	{                                                                                          \
		bpf_tail_call(ctx, &decide_##hook, type);                                          \
		return 0;                                                                          \
	}

/* How often each outcome there was. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, OUTCOME_MAX *EVENT_TYPE_MAX);
	__type(key, __u32);
	__type(value, __u64);
} outcomes SEC(".maps");

/* Containers in which nothing is refused for now; under 0, all. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} disarmed SEC(".maps");

static __always_inline bool is_disarmed(__u64 container)
{
	__u64 all = 0;

	return bpf_map_lookup_elem(&disarmed, &container) || bpf_map_lookup_elem(&disarmed, &all);
}

/* When nothing is refused any more, ns since boot, unless the agent puts that off; 0: never. */
__u64 lease_end SEC(".data.lease");

static __always_inline bool has_lapsed(void)
{
	__u64 end = *(volatile __u64 *)&lease_end;

	return end && bpf_ktime_get_boot_ns() > end;
}

static __always_inline void count_outcome(__u32 outcome, __u32 type)
{
	__u32 key = outcome * EVENT_TYPE_MAX + type;
	__u64 *count = bpf_map_lookup_elem(&outcomes, &key);

	if (count)
		*count += 1;
}

/* How often the agent's own opens were asked about, by which it knows that they are. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} canaries SEC(".maps");

static __always_inline void count_canary(struct task_struct *task)
{
	__u32 key = 0;
	__u64 *count;

	if ((__u32)GET(task, tgid) != config.agent_tgid)
		return;
	count = bpf_map_lookup_elem(&canaries, &key);
	if (count)
		*count += 1;
}

/* ---- which acts ---- */

/* Nearly all tasks are the host's, whose acts are seldom decided. */
static __always_inline bool may_be_decided(struct member_entry *member)
{
	return member || wishes.decides_host;
}

static __always_inline bool is_decided(struct member_entry *member, __u8 type)
{
	__u8 whose = wishes.call_shapes[type].decided;

	return whose & WANTED_HOST || (whose & WANTED_CONTAINERS && member);
}

/* What rules call the system call that a task is in; EVENT_NONE for others, and where unknown. */
static __always_inline __u8 call_in_progress(struct task_struct *task)
{
	struct pt_regs *regs;
	__u16 entry;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return EVENT_NONE;
	regs = (void *)bpf_task_pt_regs(task);
	entry = syscall_entry(regs, wishes.decided_types);
	return entry ? entry_type(entry, current_abi(task)) : EVENT_NONE;
}

static __always_inline void read_own_registers(__u64 *args, struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		read_registers(args, (void *)bpf_task_pt_regs(task), current_abi(task));
}

/* ---- the record ---- */

/* NULL where there is no room. */
static __always_inline struct slot *claim_decision(__u8 type)
{
	struct slot *slot = claim_slot(type);

	if (slot)
		slot->decider = bpf_get_current_task();
	return slot;
}

static __always_inline int without_room(struct member_entry *member, __u8 type)
{
	return member && wishes.call_shapes[type].closed ? UNDECIDED : 0;
}

static __always_inline void begin_decision(struct slot *slot, __u16 kind, __u8 type,
					   struct task_struct *task, struct member_entry *member)
{
	/* Few rules that act do not ask who does, and those that come meanwhile may. */
	begin_header_with(slot, kind, type, 0, task, member, decision_needs[type] | NEED_DETAILS);
}

/*
 * Of the call in progress, if it is this one: its arguments are numbers.
 * @file: that it is about, or NULL.
 */
static __noinline int build_plain(__u8 type, struct file *file)
{
	struct task_struct *task = current_task();
	struct member_entry *member = find_member(task);
	struct call_record *record;
	struct slot *slot;

	if (!may_be_decided(member) || !is_decided(member, type) || call_in_progress(task) != type)
		return 0;
	slot = claim_decision(type);
	if (!slot)
		return without_room(member, type);
	record = begin_record(slot, struct call_record);
	begin_decision(slot, RECORD_CALL, type, task, member);
	read_own_registers(record->args, task);
	if (file)
		fill_file(slot, &record->file, file);
	return unjudged(slot);
}

/* ---- the decision ---- */

/* Of the host's root filesystem the host's view needs nobody to find it out. */
static __always_inline __u32 decided_view(struct slot *slot)
{
	__u32 dev = slot->fixed.open.file.dev;
	struct super_block *root = (void *)host.root_filesystem;

	if (dev == encode_dev(READ(struct super_block, root, s_dev)) &&
	    (__u64)READ(struct super_block, root, s_root) == host.root)
		return VIEW_SAME;
	return find_host_view(slot, dev);
}

static __noinline int prepare_decision(struct slot *slot)
{
	struct container_key *key = &slot->frame.container_key;
	struct container_entry *container;

	slot->frame.outcome = UNANSWERED;
	slot->frame.rules = 0;
	slot->frame.host_view = VIEW_UNKNOWN;
	if (slot->needs & NEED_HOST_VIEW)
		slot->frame.host_view = decided_view(slot);
	key->key = slot->fixed.header.task.container;
	container = key->key ? find_container(key->key) : NULL;
	key->start_ns = container ? container->start_ns : 0;
	return 0;
}

static __always_inline void tell_outcome(struct slot *slot, __u32 outcome)
{
	struct record_header *header = &slot->fixed.header;

	header->outcome = outcome;
	header->rules = slot->frame.rules;
	for (__u32 i = 0; i < FIRED_WORDS; i++)
		header->fired[i] = slot->frame.fired[i];
}

static __always_inline void report_decision(struct slot *slot, __u32 outcome)
{
	tell_outcome(slot, outcome);
	slot->fixed.header.result = outcome >= OUTCOME_DENY ? -EPERM : 0;
	complete_open(slot);
	submit_record(slot, current_task());
}

/* What was answered; without an answer, what the rules say for that case. */
static __always_inline __u32 outcome_of(struct slot *slot)
{
	__u32 outcome = *(volatile __u32 *)&slot->frame.outcome;
	struct record_header *header = &slot->fixed.header;

	if (outcome == UNANSWERED) {
		count_loss(LOSS_UNDECIDED, header->type);
		outcome =
			header->task.container &&
					wishes.call_shapes[header->type & (EVENT_TYPES - 1)].closed
				? OUTCOME_DENY
				: OUTCOME_ALLOW;
	}
	if (outcome > OUTCOME_AUDIT && (is_disarmed(header->task.container) || has_lapsed()))
		outcome = OUTCOME_AUDIT;
	return outcome & 3;
}

/* @signals: where the kernel lets a program send none, what kills refuses. */
static __always_inline __u32 carry_out(struct slot *slot, bool signals)
{
	__u32 outcome = outcome_of(slot);

	if (outcome == OUTCOME_KILL) {
		if (signals)
			bpf_send_signal(SIGKILL);
		else
			outcome = OUTCOME_DENY;
	}
	count_outcome(outcome, slot->fixed.header.type);
	slot->decider = 0;
	return outcome;
}

/* 0, or what the hook has to return. */
static __always_inline int answer(struct slot *slot, bool signals)
{
	__u32 outcome = carry_out(slot, signals);

	if (outcome != OUTCOME_ALLOW)
		report_decision(slot, outcome);
	release_slot(slot);
	return outcome >= OUTCOME_DENY ? -EPERM : 0;
}

static __noinline int act_on(struct slot *slot)
{
	return answer(slot, true);
}

static __noinline int act_in_cgroup(struct slot *slot)
{
	return answer(slot, config.cgroups_signal);
}

/* @built: from unjudged; 0 for an act that is nobody's business, or UNDECIDED. */
#define DECIDE_BY(act, hook, ctx, built)                                                           \
	({                                                                                         \
		int _built = (built), _verdict = _built < 0 ? -EPERM : 0;                          \
		struct slot *_slot = _built > 0 ? find_slot(_built - 1) : NULL;                    \
                                                                                                   \
		if (_slot) {                                                                       \
			prepare_decision(_slot);                                                   \
			ask_to_##hook(ctx, _slot->fixed.header.type);                              \
			_verdict = act(_slot);                                                     \
		}                                                                                  \
		_verdict;                                                                          \
	})

#define DECIDE(hook, ctx, built) DECIDE_BY(act_on, hook, ctx, built)

/* ---- after the act ---- */

DECISIONS(kill_sys_exit)
DECISIONS(kill_functions)
DECISIONS(kill_more_functions)

/* Whether a rule may kill whoever did what a record tells of; what failed did nothing. */
static __always_inline bool may_kill(struct slot *slot)
{
	struct record_header *header = &slot->fixed.header;
	__u8 whose = wishes.call_shapes[header->type & (EVENT_TYPES - 1)].killed;

	return header->result >= 0 &&
	       (whose & WANTED_HOST || (whose & WANTED_CONTAINERS && header->task.container));
}

static __always_inline void prepare_to_kill(struct slot *slot)
{
	slot->decider = bpf_get_current_task();
	prepare_decision(slot);
}

/* It never returns to user mode: what it has done stays done, and nothing follows. */
static __noinline int kill_if_told(struct slot *slot)
{
	__u32 outcome = carry_out(slot, true);

	if (outcome != OUTCOME_ALLOW)
		tell_outcome(slot, outcome);
	return 0;
}

/*
 * A record of what has happened: rules that kill do so now, before who acted is back
 * in user mode; then filters say whether it goes up. Without a filter every one
 * does. So do those of nested programs: filters look at slot 0. @built: from
 * unjudged, or 0 for no record.
 */
#define JUDGE(hook, ctx, built)                                                                    \
	({                                                                                         \
		struct slot *_slot = (built) ? find_slot((built) - 1) : NULL;                      \
                                                                                                   \
		if (_slot && may_kill(_slot)) {                                                    \
			prepare_to_kill(_slot);                                                    \
			ask_to_kill_##hook(ctx, _slot->fixed.header.type);                         \
			kill_if_told(_slot);                                                       \
		}                                                                                  \
		if (_slot && !_slot->number) {                                                     \
			prepare_filter(_slot);                                                     \
			ask_##hook(ctx, _slot->fixed.header.type);                                 \
			/* Most events need no look at whose they are. */                          \
			if (may_submit(_slot) && find_parts(_slot))                                \
				ask_##hook(ctx, _slot->fixed.header.type);                         \
			conclude(_slot, *(volatile __u32 *)&_slot->frame.verdict);                 \
		} else if (_slot) {                                                                \
			conclude(_slot, VERDICT_NONE);                                             \
		}                                                                                  \
		0;                                                                                 \
	})

/*
 * A hook as a security module, and the same function where there is none: what has
 * been refused before stays so.
 */
#define DENY_HOOK(hook, module_hook, function, build, ...)                                         \
	DECISIONS(hook)                                                                            \
                                                                                                   \
	SEC("lsm/" #module_hook)                                                                   \
	int BPF_PROG(lsm_deny_##hook, __VA_ARGS__, int result)                                     \
	{                                                                                          \
		return result ?: DECIDE(hook, ctx, build);                                         \
	}                                                                                          \
                                                                                                   \
	SEC("fmod_ret/" #function)                                                                 \
	int BPF_PROG(fentry_deny_##hook, __VA_ARGS__, int result)                                  \
	{                                                                                          \
		return result ?: DECIDE(hook, ctx, build);                                         \
	}

#define RESULT_AFTER(ctx, fewer, has_more)                                                         \
	({                                                                                         \
		int _result;                                                                       \
                                                                                                   \
		if (has_more) {                                                                    \
			_result = (ctx)[(fewer) + 1];                                              \
			/* Or the compiler reads from an address that it has chosen before. */     \
			barrier();                                                                 \
		} else {                                                                           \
			_result = (ctx)[fewer];                                                    \
		}                                                                                  \
		_result;                                                                           \
	})

/* The same of a hook that has so many arguments, or one more; none is looked at. */
#define DENY_VARYING_HOOK(hook, module_hook, function, build, fewer, has_more)                     \
	DECISIONS(hook)                                                                            \
                                                                                                   \
	SEC("lsm/" #module_hook)                                                                   \
	int BPF_PROG(lsm_deny_##hook)                                                              \
	{                                                                                          \
		int result = RESULT_AFTER(ctx, fewer, has_more);                                   \
                                                                                                   \
		return result ?: DECIDE(hook, ctx, build);                                         \
	}                                                                                          \
                                                                                                   \
	SEC("fmod_ret/" #function)                                                                 \
	int BPF_PROG(fentry_deny_##hook)                                                           \
	{                                                                                          \
		int result = RESULT_AFTER(ctx, fewer, has_more);                                   \
                                                                                                   \
		return result ?: DECIDE(hook, ctx, build);                                         \
	}

/* A hook of cgroups: 1 lets happen what other programs there let happen, 0 refuses. */
#define DENY_CGROUP(hook, context, build)                                                          \
	DECISIONS(hook)                                                                            \
                                                                                                   \
	SEC("cgroup/" #hook)                                                                       \
	int deny_##hook(context *ctx)                                                              \
	{                                                                                          \
		return DECIDE_BY(act_in_cgroup, hook, ctx, build) ? 0 : 1;                         \
	}

#endif
