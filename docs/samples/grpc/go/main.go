// Places an order over gRPC, follows it to its outcome, and prints what happened as one line of JSON.
//
//	go generate && go run . -address 127.0.0.1:18082 -token "$TOKEN" -key my-order -sku TEA-101
package main

//go:generate npx buf generate ../../../../schemas/proto --template buf.gen.yaml

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	orderstreamv1 "orderstream/samples/place-order/gen/orderstream/v1"
)

func main() {
	address := flag.String("address", "127.0.0.1:18082", "host and port of the gRPC API")
	token := flag.String("token", "", "access token of the customer")
	key := flag.String("key", "my-order", "request id of the order")
	sku := flag.String("sku", "TEA-101", "product")
	quantity := flag.Uint("quantity", 1, "units")
	flag.Parse()

	connection, err := grpc.NewClient(*address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+*token)
	result, err := placeAndFollow(ctx, orderstreamv1.NewOrdersClient(connection), &orderstreamv1.CreateOrderRequest{
		RequestId: *key,
		Order: &orderstreamv1.NewOrder{
			Currency: "EUR",
			Items:    []*orderstreamv1.NewOrderLine{{Sku: *sku, Quantity: uint32(*quantity)}},
			ShippingAddress: &orderstreamv1.ShippingAddress{
				Name: "A. Reader", Line1: "1 Mill Lane", City: "Cork", PostalCode: "T12 X2Y3", Country: "IE",
			},
		},
	})
	if err != nil {
		result = problemOf(err)
	}
	line, _ := json.Marshal(result)
	fmt.Println(string(line))
}

// placeAndFollow returns the first state of the order that is not QUEUED. A repeated call with the same request id never
// places a second order, so it may be retried.
func placeAndFollow(
	ctx context.Context, orders orderstreamv1.OrdersClient, request *orderstreamv1.CreateOrderRequest,
) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	placed, err := orders.CreateOrder(ctx, request)
	if err != nil {
		return nil, err
	}
	stream, err := orders.WatchOrder(ctx, &orderstreamv1.WatchOrderRequest{
		Id: placed.Order.Id, Ticket: placed.Order.Ticket,
	})
	if err != nil {
		return nil, err
	}
	for {
		update, err := stream.Recv()
		if err != nil {
			return nil, err
		}
		order := update.Order
		if order.Status != orderstreamv1.OrderStatus_ORDER_STATUS_QUEUED {
			return map[string]any{"id": order.Id, "version": order.Version, "status": order.Status.String()}, nil
		}
	}
}

// problemOf reads the problem code and the faults of an error: google.rpc.ErrorInfo and BadRequest.
func problemOf(err error) map[string]any {
	from := status.Convert(err)
	problem := map[string]any{"status": from.Code().String(), "message": from.Message()}
	for _, detail := range from.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			problem["problem"] = detail.Reason
		case *errdetails.BadRequest:
			fields := []string{}
			for _, violation := range detail.FieldViolations {
				fields = append(fields, violation.Field)
			}
			problem["fields"] = fields
		}
	}
	return problem
}
