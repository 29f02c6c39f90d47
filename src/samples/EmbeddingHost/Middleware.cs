using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NativeRetrieval.Engine;
using NativeRetrieval.Hosting.Generators;

namespace EmbeddingHost;

/// <summary>The generator of sentences behind a cache, with measurements of Microsoft.Extensions.AI's own.</summary>
internal static class Middleware
{
    public static async Task RunAsync(IServiceProvider services, string sentence)
    {
        IDistributedCache store = new MemoryDistributedCache(Options.Create(new MemoryDistributedCacheOptions()));
        // <middleware>
        var engine = services.GetRequiredService<RetrievalEngine>();
        var generator = services.GetRequiredService<TextEmbeddingGenerator>().AsBuilder()
            .UseDistributedCache(store, cache => cache.CacheKeyAdditionalValues = [engine.Fingerprint])
            .UseOpenTelemetry()
            .Build();
        // </middleware>
        var first = await generator.GenerateAsync([sentence]);
        var second = await generator.GenerateAsync([sentence]);
        bool same = first[0].Vector.Span.SequenceEqual(second[0].Vector.Span);
        Console.WriteLine($"{first[0].Dimensions} dimensions, {(same ? "the same" : "another")} from the cache");
    }
}
