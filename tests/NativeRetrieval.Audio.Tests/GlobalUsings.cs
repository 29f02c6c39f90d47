global using NativeRetrieval.TestSupport;
