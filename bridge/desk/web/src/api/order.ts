// Orders of shops, and what agents ask of a shop. Money is in minor units.

export type OrderStatus =
  "cart" | "abandoned" | "unpaid" | "paid" | "shipped" | "delivered" | "cancelled" | "refunded";

export interface OrderItem {
  sku: string;
  name: string;
  quantity: number;
  price: number;
}

export interface Order {
  id: string;
  /** The key of its inbox; "" for an imported one. */
  shop: string;
  order: string;
  status: OrderStatus;
  at: string;
  total: number;
  currency: string;
  items: OrderItem[];
  url: string | null;
  delivery: OrderPlace | null;
}

export interface OrderPlace {
  city: string;
  address: string;
}

/** What an agent asks of a shop; `order` is the number of the one that is to be changed. Money in minor units. */
export interface AskedOrder {
  shop: string;
  order: string | null;
  items: OrderItem[];
  total: number;
  currency: string;
  /** Null leaves it to the shop. */
  status: OrderStatus | null;
  comment: string;
}

export type RequestState = "waiting" | "placed" | "refused";

export interface OrderRequest extends AskedOrder {
  id: string;
  state: RequestState;
  by: string;
  at: string;
  /** The shop's words, where it refused. */
  reason: string;
}

export interface ShopList {
  items: string[];
  currency: string | null;
}
