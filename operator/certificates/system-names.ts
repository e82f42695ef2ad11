/** Owns the names of Fairlead's own processes in the cluster: their service accounts, and the Secrets of their certificates. */

export const operatorServiceAccount = 'fairlead-operator';
export const gatewayServiceAccount = 'fairlead-gateway';
export const apiServiceAccount = 'fairlead-api';

export const operatorSecretName = 'fairlead-operator-tls';
export const gatewaySecretName = 'fairlead-gateway-tls';
export const apiSecretName = 'fairlead-api-tls';
/** The Service of gateways in place of sidecars. */
export const directGatewayService = 'fairlead-gateway-direct';
/** What callers of route-optimised endpoints are shown by gateways that stand in for sidecars. */
export const directSecretName = 'fairlead-gateway-direct-tls';
