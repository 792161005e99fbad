// Package kafka reads topics of Kafka and event hubs of Azure Event Hubs, to
// which Azure Monitor sends logs. It is a member of a consumer group: nodes
// with the same group share the partitions. A stream is a partition,
// "topic/partition", and its cursor is the offset of the next message.
//
// Messages are handed on as they are: it knows nothing of records, beyond
// taking care that a message that is cut off cannot swallow the next. An offset
// is committed to the group only when everything before it is stored. A
// partition begins where the group or the state is, whichever is behind: a
// state restored from a backup is filled up again, as long as the topic keeps
// what is missing.
package kafka
