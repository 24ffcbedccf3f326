/** What a server process counts from its start to its end, in ZooKeeper's names and in the order in which `mntr` lists
 *  them. Source: ServerMetrics.java, DefaultMetricsProvider.java, AvgMinMaxCounter.java, AvgMinMaxPercentileCounter.java.
 *
 *  Counting is adding to a number field. What nobody adds to has nothing to count here and stays 0: queues between
 *  threads, a response cache, TLS, SASL, cleaners of dead watchers, pauses of a virtual machine. */
import { double, type Value } from './value.ts'

export class ServerMetrics {
  readonly count = {
    proposal_count: 0,
    watch_bytes: 0,
    outstanding_changes_removed: 0,
    throttled_ops: 0,
    stale_requests_dropped: 0,
    large_requests_rejected: 0,
    insecure_admin_count: 0,
    connection_rejected: 0,
    cnxn_closed_without_zk_server_running: 0,
    sessionless_connections_expired: 0,
    looking_count: 0,
    dead_watchers_queued: 0,
    stale_requests: 0,
    connection_drop_count: 0,
    learner_proposal_received_count: 0,
    digest_mismatches_count: 0,
    dead_watchers_cleared: 0,
    response_packet_cache_hits: 0,
    bytes_received_count: 0,
    add_dead_watcher_stall_time: 0,
    request_throttle_wait_count: 0,
    requests_not_forwarded_to_commit_processor: 0,
    response_packet_cache_misses: 0,
    ensemble_auth_success: 0,
    prep_processor_request_queued: 0,
    learner_commit_received_count: 0,
    stale_replies: 0,
    connection_request_count: 0,
    response_bytes: 0,
    ensemble_auth_fail: 0,
    diff_count: 0,
    response_packet_get_children_cache_misses: 0,
    connection_revalidate_count: 0,
    quit_leading_due_to_disloyal_voter: 0,
    snap_count: 0,
    unrecoverable_error_count: 0,
    unsuccessful_handshake: 0,
    commit_count: 0,
    stale_sessions_expired: 0,
    response_packet_get_children_cache_hits: 0,
    sync_processor_request_queued: 0,
    outstanding_changes_queued: 0,
    request_commit_queued: 0,
    ensemble_auth_skip: 0,
    skip_learner_request_to_next_processor_count: 0,
    tls_handshake_exceeded: 0,
    revalidate_count: 0,
  }

  readonly time = {
    socket_closing_time: new Summary(),
    proposal_process_time: new Summary(),
    leader_unavailable_time: new Summary(),
    node_created_watch_count: new Summary(),
    session_queues_drained: new Summary(),
    write_commit_proc_req_queued: new Summary(),
    connection_token_deficit: new Summary(),
    read_commit_proc_req_queued: new Summary(),
    node_deleted_watch_count: new Summary(),
    startup_txns_load_time: new Summary(),
    sync_processor_queue_size: new Summary(),
    follower_sync_time: new Summary(),
    prep_processor_queue_size: new Summary(),
    fsynctime: new Summary(),
    inflight_snap_count: new Summary(),
    reads_issued_from_session_queue: new Summary(),
    learner_request_processor_queue_size: new Summary(),
    snapshottime: new Summary(),
    unavailable_time: new Summary(),
    startup_txns_loaded: new Summary(),
    reads_after_write_in_session_queue: new Summary(),
    requests_in_session_queue: new Summary(),
    write_commit_proc_issued: new Summary(),
    prep_process_time: new Summary(),
    pending_session_queue_size: new Summary(),
    time_waiting_empty_pool_in_commit_processor_read_ms: new Summary(),
    commit_process_time: new Summary(),
    dbinittime: new Summary(),
    inflight_diff_count: new Summary(),
    netty_queued_buffer_capacity: new Summary(),
    election_time: new Summary(),
    commit_commit_proc_req_queued: new Summary(),
    sync_processor_batch_size: new Summary(),
    node_children_watch_count: new Summary(),
    write_batch_time_in_commit_processor: new Summary(),
    read_commit_proc_issued: new Summary(),
    concurrent_request_processing_in_commit_processor: new Summary(),
    observer_sync_time: new Summary(),
    node_changed_watch_count: new Summary(),
    sync_process_time: new Summary(),
    startup_snap_load_time: new Summary(),
  }

  readonly spread = {
    prep_processor_queue_time_ms: new PercentileSummary(),
    jvm_pause_time_ms: new PercentileSummary(),
    close_session_prep_time: new PercentileSummary(),
    read_commitproc_time_ms: new PercentileSummary(),
    updatelatency: new PercentileSummary(),
    local_write_committed_time_ms: new PercentileSummary(),
    request_throttle_queue_time_ms: new PercentileSummary(),
    readlatency: new PercentileSummary(),
    quorum_ack_latency: new PercentileSummary(),
    om_commit_process_time_ms: new PercentileSummary(),
    read_final_proc_time_ms: new PercentileSummary(),
    commit_propagation_latency: new PercentileSummary(),
    dead_watchers_cleaner_latency: new PercentileSummary(),
    write_final_proc_time_ms: new PercentileSummary(),
    proposal_ack_creation_latency: new PercentileSummary(),
    proposal_latency: new PercentileSummary(),
    om_proposal_process_time_ms: new PercentileSummary(),
    sync_processor_queue_and_flush_time_ms: new PercentileSummary(),
    propagation_latency: new PercentileSummary(),
    server_write_committed_time_ms: new PercentileSummary(),
    sync_processor_queue_time_ms: new PercentileSummary(),
    sync_processor_queue_flush_time_ms: new PercentileSummary(),
    write_commitproc_time_ms: new PercentileSummary(),
  }

  /** Bytes of paths and data that clients read, and that txns wrote, by the first name of the path. */
  readonly read_per_namespace = new SummarySet()
  readonly write_per_namespace = new SummarySet()
  /** Packets that waited for a learner; nothing waits here, so each of them knows one 0. */
  readonly learners = new Set<number>()
  /** Writes that a hard quota refused, by the first name of the path. */
  readonly quota_exceeded_error_per_namespace = new Map<string, number>()

  /** Everything, by the names of `mntr` without zk_. */
  dump(put: (key: string, value: Value) => void): void {
    for (const [name, value] of Object.entries(this.count)) put(name, value)
    for (const [namespace, value] of this.quota_exceeded_error_per_namespace)
      put(`${namespace}_quota_exceeded_error_per_namespace`, value)
    for (const [name, summary] of Object.entries(this.time)) summary.dump(name, put)
    for (const [name, summary] of Object.entries(this.spread)) summary.dump(name, put)
    this.read_per_namespace.dump('read_per_namespace', put)
    this.write_per_namespace.dump('write_per_namespace', put)
    for (const sid of this.learners) NOTHING_WAITED.dumpBasics(`${sid}_learner_handler_qp_size`, put)
    for (const sid of this.learners) NOTHING_WAITED.dump(`${sid}_learner_handler_qp_time_ms`, put)
  }

  /** `srst`: as if the process had just begun. */
  reset(): void {
    const { count } = this
    for (const name of Object.keys(count) as (keyof typeof count)[]) count[name] = 0
    for (const summary of Object.values(this.time)) summary.reset()
    for (const summary of Object.values(this.spread)) summary.reset()
    this.read_per_namespace.reset()
    this.write_per_namespace.reset()
    for (const namespace of this.quota_exceeded_error_per_namespace.keys())
      this.quota_exceeded_error_per_namespace.set(namespace, 0)
  }
}

/** Average, least and greatest of whole numbers. */
export class Summary {
  total = 0
  count = 0
  #min = Number.MAX_SAFE_INTEGER
  #max = Number.MIN_SAFE_INTEGER

  add(value: number): void {
    this.total += value
    this.count++
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  get min(): number {
    return this.count === 0 ? 0 : this.#min
  }
  get max(): number {
    return this.count === 0 ? 0 : this.#max
  }
  /** With at most four digits behind the point. */
  get average(): number {
    return this.count === 0 ? 0 : Math.round((this.total / this.count) * 10_000) / 10_000
  }

  dump(name: string, put: (key: string, value: Value) => void): void {
    this.dumpBasics(name, put)
  }
  dumpBasics(name: string, put: (key: string, value: Value) => void): void {
    put(`avg_${name}`, double(this.average))
    put(`min_${name}`, this.min)
    put(`max_${name}`, this.max)
    put(`cnt_${name}`, this.count)
    put(`sum_${name}`, this.total)
  }

  reset(): void {
    this.total = 0
    this.count = 0
    this.#min = Number.MAX_SAFE_INTEGER
    this.#max = Number.MIN_SAFE_INTEGER
  }
}

/** Numbers below this are counted each by itself, those above by their first five bits. */
const EXACT = 128
const STEPS = 16
const BUCKETS = EXACT + STEPS * 24

/** A summary that also knows how its numbers are spread. The Java server looks at a sample of 4096 of them; here every one
 *  counts, those from 128 on to one part in sixteen. */
export class PercentileSummary extends Summary {
  #buckets: Uint32Array | undefined

  override add(value: number): void {
    super.add(value)
    this.#buckets ??= new Uint32Array(BUCKETS)
    const bucket = bucketOf(value)
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1
  }

  /** Between two values it is what lies between them in proportion, rounded. */
  percentile(quantile: number): number {
    if (this.count === 0) return 0
    const position = quantile * (this.count + 1)
    const below = Math.floor(position)
    if (below < 1) return this.#ranked(1)
    if (below >= this.count) return this.max
    const lower = this.#ranked(below)
    return Math.round(lower + (position - below) * (this.#ranked(below + 1) - lower))
  }

  /** The value that `rank - 1` others are not greater than. */
  #ranked(rank: number): number {
    let seen = 0
    for (let at = 0; at < BUCKETS; at++) {
      seen += this.#buckets?.[at] ?? 0
      if (seen >= rank) return Math.min(Math.max(leastOf(at), this.min), this.max)
    }
    return this.max
  }

  override dump(name: string, put: (key: string, value: Value) => void): void {
    this.dumpBasics(name, put)
    put(`p50_${name}`, this.percentile(0.5))
    put(`p95_${name}`, this.percentile(0.95))
    put(`p99_${name}`, this.percentile(0.99))
    put(`p999_${name}`, this.percentile(0.999))
  }

  override reset(): void {
    super.reset()
    this.#buckets = undefined
  }
}

function bucketOf(value: number): number {
  if (value < EXACT) return value < 0 ? 0 : Math.floor(value)
  const power = Math.min(31 - Math.clz32(Math.min(value, 0x7fffffff)), 30)
  return EXACT + STEPS * (power - 7) + ((value >> (power - 4)) & (STEPS - 1))
}
/** The least value of a bucket. */
function leastOf(bucket: number): number {
  if (bucket < EXACT) return bucket
  const power = Math.floor((bucket - EXACT) / STEPS) + 7
  return 2 ** power + ((bucket - EXACT) % STEPS) * 2 ** (power - 4)
}

/** So many namespaces are told apart; on a server with more, the others are not counted, where the Java server keeps one
 *  summary for each for ever. */
const NAMESPACES = 1000

export class SummarySet {
  readonly #summaries = new Map<string, Summary>()
  /** Requests come in runs: the last one that was asked for, with the path's beginning up to the second slash. */
  #lastPrefix = ''
  #last: Summary | undefined

  /** `path`: not of the root, which belongs to no namespace. */
  add(path: string, value: number): void {
    if (this.#last !== undefined && path.startsWith(this.#lastPrefix) && isAt(path, this.#lastPrefix.length))
      return this.#last.add(value)
    if (path.length < 2) return
    const end = path.indexOf('/', 1)
    const prefix = end === -1 ? path : path.slice(0, end)
    const name = prefix.slice(1)
    let summary = this.#summaries.get(name)
    if (summary === undefined) {
      if (this.#summaries.size >= NAMESPACES) return
      summary = new Summary()
      this.#summaries.set(name, summary)
    }
    this.#lastPrefix = prefix
    this.#last = summary
    summary.add(value)
  }

  dump(name: string, put: (key: string, value: Value) => void): void {
    for (const [namespace, summary] of this.#summaries) summary.dump(`${namespace}_${name}`, put)
  }
  reset(): void {
    for (const summary of this.#summaries.values()) summary.reset()
  }
}

const isAt = (path: string, end: number): boolean => path.length === end || path.charCodeAt(end) === 0x2f

const NOTHING_WAITED = new PercentileSummary()
NOTHING_WAITED.add(0)
