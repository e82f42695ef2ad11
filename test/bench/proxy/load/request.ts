/** Owns the one request that all contestants get: a small dataframe with a bearer token, as design §8 has it. */

export const token = 'bench-token-0123456789abcdef0123456789abcdef';

/** 150 bytes. */
export const body = JSON.stringify({
  dataframe_split: {
    columns: ['sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'],
    data: [[5.1, 3.5, 1.4, 0.2]],
  },
}).padEnd(150);

export const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
