// A sample subscriber. It counts outcomes, money and units, drops repeats, and proves that it missed none. See ../README.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"math"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// One file has the position of each partition and the effect. It is replaced as a whole, so both change together.
type State struct {
	Positions map[int32]int64  `json:"positions"`
	From      map[int32]int64  `json:"from"`
	Counts    map[string]int64 `json:"counts"`
	Total     int64            `json:"total"`
	Repeats   int64            `json:"repeats"`
	// By currency, in minor units.
	Money map[string]Numbers `json:"money"`
	Units Numbers            `json:"units"`
	// The last totals of each order that changed, as in axes.
	Orders map[string][]int64 `json:"orders,omitempty"`
}

type Numbers = map[string]int64

var (
	untilTotal  = flag.Int64("until-total", math.MaxInt64, "")
	idleSeconds = flag.Float64("idle-seconds", math.Inf(1), "")
	stateFile   = env("STATE_FILE", "outcome-counter.json")
	state       = State{map[int32]int64{}, map[int32]int64{}, Numbers{}, 0, 0, map[string]Numbers{}, Numbers{}, map[string][]int64{}}
	axes        = []string{"received", "refundPending", "refunded", "cancelled", "shipped", "returned", "restocked"}
)

func main() {
	flag.Parse()
	if text, err := os.ReadFile(stateFile); err == nil {
		check(json.Unmarshal(text, &state))
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(env("KAFKA_BROKERS", "127.0.0.1:19092"), ",")...),
		kgo.ConsumerGroup(env("GROUP", "outcome-counter-go")),
		kgo.ConsumeTopics(env("KAFKA_TOPIC_PREFIX", "")+"orders.events.v1"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit())
	check(err)
	for seen := time.Now(); state.Total < *untilTotal && time.Since(seen).Seconds() < *idleSeconds; {
		ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
		fetches := client.PollFetches(ctx)
		cancel()
		if fetches.NumRecords() == 0 {
			continue
		}
		seen = time.Now()
		fetches.EachRecord(func(r *kgo.Record) { take(r.Partition, decode(r.Value)) })
		text, _ := json.Marshal(state)
		check(os.WriteFile(stateFile+".new", text, 0o644))
		check(os.Rename(stateFile+".new", stateFile))
		// Commit after the effect, never before. The file has the position, and the client joins a lost group again.
		if err := client.CommitUncommittedOffsets(context.Background()); err != nil {
			log.Println("commit failed:", err)
		}
	}
	client.Close()
	state.Orders = nil
	check(json.NewEncoder(os.Stdout).Encode(state))
}

func take(partition int32, event Outcome) {
	if _, known := state.From[partition]; !known {
		state.From[partition] = event.PrevSourceOffset // -1 means from the first outcome on
		state.Positions[partition] = event.PrevSourceOffset
	}
	position := state.Positions[partition]
	if event.SourceOffset <= position {
		state.Repeats++
		return
	}
	if event.PrevSourceOffset != position {
		log.Fatalf("gap on partition %d: the outcome follows %d, but the position is %d", partition, event.PrevSourceOffset, position)
	}
	state.Counts[event.Outcome]++
	state.Total++
	state.Positions[partition] = event.SourceOffset
	sum(event)
}

// The axes are totals of the order. What is new is the difference to its totals before.
func sum(event Outcome) {
	if event.OrderID == nil || event.Money == nil || event.Units == nil {
		return // no change of an order, or schema version 1
	}
	money, units := *event.Money, *event.Units
	if event.Outcome == "ACCEPTED" {
		state.Units["ordered"] += units.Ordered
	}
	if event.Outcome != "APPLIED" {
		return
	}
	moved := event.Payment // Only a payment or a refund moves money.
	if moved == nil {
		moved = event.Refund
	}
	before := state.Orders[*event.OrderID]
	now := []int64{money.Received, money.RefundPending, money.Refunded, units.Cancelled, units.Shipped, units.Returned, units.Restocked}
	for i, after := range now {
		change := after
		if before != nil {
			change -= before[i]
		}
		if i > 2 {
			state.Units[axes[i]] += change
		} else if change != 0 {
			if state.Money[moved.Currency] == nil {
				state.Money[moved.Currency] = Numbers{}
			}
			state.Money[moved.Currency][axes[i]] += change
		}
	}
	state.Orders[*event.OrderID] = now
}
