package main

import (
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/hamba/avro/v2"
)

type Outcome struct {
	Outcome          string      `avro:"outcome"`
	SourceOffset     int64       `avro:"sourceOffset"`
	PrevSourceOffset int64       `avro:"prevSourceOffset"`
	OrderID          *string     `avro:"orderId"`
	Payment          *InCurrency `avro:"payment"`
	Refund           *InCurrency `avro:"refund"`
	Money            *Money      `avro:"money"`
	Units            *Units      `avro:"units"`
}

type InCurrency struct {
	Currency string `avro:"currency"`
}

type Money struct {
	Received      int64 `avro:"received"`
	RefundPending int64 `avro:"refundPending"`
	Refunded      int64 `avro:"refunded"`
}

type Units struct {
	Ordered   int64 `avro:"ordered"`
	Cancelled int64 `avro:"cancelled"`
	Shipped   int64 `avro:"shipped"`
	Returned  int64 `avro:"returned"`
	Restocked int64 `avro:"restocked"`
}

var (
	registry = env("SCHEMA_REGISTRY_URL", "http://127.0.0.1:18081/apis/ccompat/v7")
	// By schema id: the reader from the schema of the value to our own schema.
	schemas = map[uint32]avro.Schema{}
)

//go:embed outcome-counter.avsc
var readerText []byte

func decode(value []byte) (outcome Outcome) {
	id := binary.BigEndian.Uint32(value[1:5])
	if schemas[id] == nil {
		schemas[id] = resolved(id)
	}
	check(avro.Unmarshal(schemas[id], value[5:], &outcome))
	return outcome
}

func resolved(id uint32) avro.Schema {
	// Each schema has its own cache, because both have types of the same names.
	reader, err := avro.ParseBytesWithCache(readerText, "", &avro.SchemaCache{})
	check(err)
	answer, err := http.Get(fmt.Sprintf("%s/schemas/ids/%d", registry, id))
	check(err)
	defer answer.Body.Close()
	var body struct{ Schema string }
	check(json.NewDecoder(answer.Body).Decode(&body))
	writer, err := avro.ParseBytesWithCache([]byte(body.Schema), "", &avro.SchemaCache{})
	check(err)
	schema, err := avro.NewSchemaCompatibility().Resolve(reader, writer)
	check(err)
	return schema
}

func env(name, usual string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return usual
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
