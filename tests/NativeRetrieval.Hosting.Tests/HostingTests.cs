using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NativeRetrieval.Core.Devices;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Engine;
using NativeRetrieval.Hosting.Generators;
using NativeRetrieval.Models;
using NativeRetrieval.TestModels;

namespace NativeRetrieval.Hosting.Tests;

/// <summary>Models as services of a host.</summary>
public sealed class HostingTests(TinyEngine model) : IClassFixture<TinyEngine>
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_without_a_web_service_has_engine_and_generators_and_disposes_of_them()
    {
        RetrievalEngine engine;
        IEmbeddingGenerator<string, Embedding<float>> texts;
        using (var host = Build(services => services.AddNativeRetrieval(options => options.Model = model.Folder)))
        {
            await host.StartAsync(Token);
            engine = host.Services.GetRequiredService<RetrievalEngine>();
            texts = host.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
            Assert.Same(texts, host.Services.GetRequiredService<TextEmbeddingGenerator>());
            Assert.Same(host.Services.GetRequiredService<AudioEmbeddingGenerator>(),
                host.Services.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>());
            Assert.Same(engine, texts.GetService<RetrievalEngine>());
            Assert.Equal(engine.EmbedTexts(["a dog"]), (await texts.GenerateVectorAsync("a dog", cancellationToken: Token)).ToArray());
            await host.StopAsync(Token);
        }
        await Assert.ThrowsAsync<ObjectDisposedException>(() => texts.GenerateAsync(["a dog"], cancellationToken: Token));
        Assert.ThrowsAny<Exception>(() => engine.EmbedTexts(["a dog"]));
    }

    [Fact]
    public async Task Several_models_are_keyed_by_their_names_and_set_by_configuration()
    {
        TinyModel.Write(model["second"], seed: 2);
        using var host = Build(services =>
        {
            var settings = Settings(("One:Model", model.Folder), ("Two:Model", model["second"]), ("Two:Parts", "Text"),
                ("Two:TextPrecision", "Int8"), ("Two:OpenAtStart", "false"), ("Two:Limits:TextsInPass", "3"),
                ("Two:Limits:SoundSeconds", "12.5"));
            services.AddNativeRetrieval(settings.GetSection("One")).AddNativeRetrieval("two", settings.GetSection("Two"));
        });
        await host.StartAsync(Token);
        var options = host.Services.GetRequiredService<IOptionsMonitor<NativeRetrievalOptions>>().Get("two");
        Assert.Equal((model["second"], ModelParts.Text, false, 3, 12.5, 256), (options.Model, options.Parts, options.OpenAtStart,
            options.Limits.TextsInPass, options.Limits.SoundSeconds, options.Limits.Waiting));
        var one = host.Services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        var two = host.Services.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>("two");
        Assert.Equal(("tiny", "second"), (Id(one), Id(two)));
        Assert.NotEqual(await Vector(one), await Vector(two));
        Assert.Equal((TextPrecision.Float32, TextPrecision.Int8), (one.GetService<RetrievalEngine>()!.Model.TextEncoder.Precision,
            two.GetService<RetrievalEngine>()!.Model.TextEncoder.Precision));
        Assert.Null(host.Services.GetKeyedService<RetrievalEngine>("three"));
        Assert.Contains("was opened for sentences alone", Assert.Throws<OptionException>(() =>
            host.Services.GetRequiredKeyedService<AudioEmbeddingGenerator>("two")).Message);
        await host.StopAsync(Token);

        static string? Id(IEmbeddingGenerator generator) => generator.GetService<EmbeddingGeneratorMetadata>()?.DefaultModelId;

        static async Task<float[]> Vector(IEmbeddingGenerator<string, Embedding<float>> generator) =>
            (await generator.GenerateVectorAsync("a dog", cancellationToken: Token)).ToArray();
    }

    [Fact]
    public async Task Settings_that_no_model_can_have_end_the_start_with_all_reasons()
    {
        using var host = Build(services => services.AddNativeRetrieval("sounds",
            Settings(("Limits:Waiting", "0"), ("Limits:TextsInPass", "0"), ("TextPrecision", "7"))));
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Token));
        Assert.Equal(["NativeRetrieval (sounds): limits: Waiting is 0; expected 1 to 65,536",
            "NativeRetrieval (sounds): limits: TextsInPass is 0; expected 1 to 1,024",
            "NativeRetrieval (sounds): Model is empty; name the folder of a model",
            "NativeRetrieval (sounds): TextPrecision is 7; expected Float32, Int8"], refusal.Failures);
    }

    [Fact]
    public async Task A_setting_that_is_not_known_and_a_model_that_is_not_there_end_the_start()
    {
        using (var host = Build(services => services.AddNativeRetrieval(Settings(("Modell", "x")))))
            Assert.Contains("Modell", (await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync(Token))).Message);
        using (var host = Build(services => services.AddNativeRetrieval(options => options.Model = model["absent"])))
            Assert.Contains(model["absent"], (await Assert.ThrowsAnyAsync<NativeRetrievalException>(() => host.StartAsync(Token))).Message);
        using (var host = Build(services => services.AddNativeRetrieval(
            options => (options.Model, options.OpenAtStart) = (model["absent"], false))))
        {
            await host.StartAsync(Token);
            Assert.ThrowsAny<NativeRetrievalException>(() => host.Services.GetRequiredService<RetrievalEngine>());
            await host.StopAsync(Token);
        }
    }

    [Fact]
    public async Task Registering_a_model_again_changes_its_options_and_opens_it_once()
    {
        using var host = Build(services => services.AddNativeRetrieval(options => options.Model = model["absent"])
            .AddNativeRetrieval(options => options.Model = model.Folder));
        await host.StartAsync(Token);
        Assert.Single(host.Services.GetServices<RetrievalEngine>());
        await host.StopAsync(Token);
    }

    [Fact]
    public void The_device_is_the_hosts_that_of_the_models_name_first()
    {
        var services = new ServiceCollection();
        services.AddSingleton<Device>(_ => throw new InvalidOperationException("the host's device"));
        services.AddKeyedSingleton<Device>("here", CpuDevice.Shared);
        services.AddNativeRetrieval("here", options => options.Model = model.Folder)
            .AddNativeRetrieval("there", options => options.Model = model.Folder);
        using var provider = services.BuildServiceProvider();
        Assert.Same(CpuDevice.Shared, provider.GetRequiredKeyedService<RetrievalEngine>("here").Model.Device);
        Assert.Equal("the host's device",
            Assert.Throws<InvalidOperationException>(() => provider.GetRequiredKeyedService<RetrievalEngine>("there")).Message);
    }

    [Fact]
    public async Task A_health_check_says_whether_a_model_answers()
    {
        using var host = Build(services =>
        {
            services.AddNativeRetrieval(options => options.Model = model.Folder)
                .AddNativeRetrieval("ears", options => (options.Model, options.Parts) = (model.Folder, ModelParts.Audio))
                .AddNativeRetrieval("absent", options => (options.Model, options.OpenAtStart) = (model["absent"], false));
            services.AddHealthChecks().AddNativeRetrieval().AddNativeRetrieval("ears")
                .AddNativeRetrieval("absent", HealthStatus.Degraded, ["models"]);
        });
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);
        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Equal((HealthStatus.Healthy, HealthStatus.Healthy, HealthStatus.Degraded), (report.Entries["nativeretrieval"].Status,
            report.Entries["nativeretrieval-ears"].Status, report.Entries["nativeretrieval-absent"].Status));
        Assert.Equal(("tiny", 8, model.Engine.Fingerprint), (report.Entries["nativeretrieval"].Data["model"],
            report.Entries["nativeretrieval"].Data["dimensions"], report.Entries["nativeretrieval"].Data["fingerprint"]));
        Assert.Contains(model["absent"], report.Entries["nativeretrieval-absent"].Description);
        Assert.Equal(["models"], report.Entries["nativeretrieval-absent"].Tags);
    }

    static IHost Build(Action<IServiceCollection> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        add(builder.Services);
        return builder.Build();
    }

    static IConfiguration Settings(params (string Name, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();
}
