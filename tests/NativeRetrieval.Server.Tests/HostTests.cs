using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
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

    [Fact]
    public void Options_are_read_from_the_hosts_settings()
    {
        var options = ServerOptions.From(Settings(("Indexes:0", "a.nrx"), ("Indexes:1", "b.nrx"), ("Model", "clap"), ("Key", ""),
            ("UploadProgram:0", "decode"), ("SoundFolders:0", "sounds"), ("QueryBank:0", "rain"), ("QueryBankCache", "bank"),
            ("Limits:Waiting", "9"), ("Limits:UploadMemoryBytes", "200000000")));
        Assert.Equal(["a.nrx", "b.nrx"], options.Indexes);
        Assert.Equal(("clap", null, "decode", "sounds", "rain", "bank"), (options.Model, options.Key, options.UploadProgram.Single(),
            options.SoundFolders.Single(), options.QueryBank.Single(), options.QueryBankCache));
        Assert.Equal(new ServerLimits { Waiting = 9, UploadMemoryBytes = 200_000_000 }, options.Limits);
        var plain = new ServerOptions { Indexes = ["a.nrx"] };
        Assert.Equal(plain with { Indexes = [], UploadProgram = [], SoundFolders = [], QueryBank = [] },
            ServerOptions.From(Settings()) with { Indexes = [], UploadProgram = [], SoundFolders = [], QueryBank = [] });
    }

    [Fact]
    public void All_that_text_can_say_of_options_can_be_set()
    {
        string[] ofCode = ["Engine", "Device", "Describer", "Time"];
        Assert.Equal(typeof(ServerOptions).GetProperties().Select(property => property.Name).Except(ofCode).Order(),
            typeof(ServerSettings).GetProperties().Select(property => property.Name).Order());
    }

    [Theory]
    [InlineData("Indxes:0", "a", "Indxes")]
    [InlineData("Limits:Waitng", "9", "Waitng")]
    [InlineData("Limits:Waiting", "many", "Limits:Waiting")]
    [InlineData("Limits:Waiting", "0", "limits: Waiting is 0; expected 1 to 65,536")]
    [InlineData("Key", "short", "the key has 5 characters")]
    public void Settings_that_no_service_can_have_are_refused_with_their_reason(string name, string value, string reason)
    {
        var refusal = Assert.Throws<OptionException>(() => new ServiceCollection().AddNativeRetrieval(
            ServerOptions.From(Settings((name, value))) with { Indexes = ["a.nrx"] }));
        Assert.Contains(reason, refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void A_service_without_an_index_is_refused() => Assert.Contains("needs an index",
        Assert.Throws<OptionException>(() => new ServiceCollection().AddNativeRetrieval(ServerOptions.From(Settings()))).Message);

    static IConfiguration Settings(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();

    static ServiceProvider Provider(RetrievalEngine engine, ServerOptions options)
    {
        var services = new ServiceCollection();
        services.AddSingleton(engine).AddNativeRetrieval(options);
        return services.BuildServiceProvider();
    }
}
