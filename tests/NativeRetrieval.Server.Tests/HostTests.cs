using Microsoft.Extensions.DependencyInjection;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Engine;
using NativeRetrieval.Models;
using NativeRetrieval.Server.Library;
using NativeRetrieval.TestModels;

namespace NativeRetrieval.Server.Tests;

/// <summary>The service in a host that has a model among its services already.</summary>
public sealed class HostTests
{
    [Fact]
    public async Task The_hosts_engine_is_shared_where_it_made_the_index_and_stays_open()
    {
        await using var service = await TestService.StartAsync();
        using var engine = RetrievalEngine.Open(service["tiny"], CpuDevice.Shared);
        using (var provider = Provider(engine, service.Options))
            Assert.Same(engine, provider.GetRequiredService<ServedLibrary>().Engine);
        Assert.Equal(8, engine.EmbedTexts(["rain"]).Length);
        using (var provider = Provider(engine, service.Options with { Model = service["tiny"] }))
            Assert.NotSame(engine, provider.GetRequiredService<ServedLibrary>().Engine);
    }

    [Fact]
    public async Task An_engine_of_another_model_or_of_half_a_model_is_left_alone()
    {
        await using var service = await TestService.StartAsync();
        TinyModel.Write(service["other"], seed: 2);
        using var other = RetrievalEngine.Open(service["other"], CpuDevice.Shared);
        using var half = RetrievalEngine.Open(service["tiny"], CpuDevice.Shared, ModelParts.Text);
        foreach (var engine in (RetrievalEngine[])[other, half])
        {
            using var provider = Provider(engine, service.Options);
            Assert.Equal((service["tiny"], false), (provider.GetRequiredService<ServedLibrary>().Engine.Folder,
                ReferenceEquals(engine, provider.GetRequiredService<ServedLibrary>().Engine)));
        }
    }

    static ServiceProvider Provider(RetrievalEngine engine, ServerOptions options)
    {
        var services = new ServiceCollection();
        services.AddSingleton(engine).AddNativeRetrieval(options);
        return services.BuildServiceProvider();
    }
}
