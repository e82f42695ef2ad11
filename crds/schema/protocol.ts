/** Owns what models are asked in: the protocols that servers speak, and the tasks of language models. */

/** In the order in which runtimes are preferred where the user leaves it open: the original's own first. */
export const protocols = ['mlflow', 'v1', 'v2', 'openai'] as const;

/** What a language model can be asked to do, as MLflow and the original name it. */
export const modelTasks = ['llm/v1/chat', 'llm/v1/completions', 'llm/v1/embeddings'] as const;

export type ModelTask = (typeof modelTasks)[number];
