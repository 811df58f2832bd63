"""Tiny seeded pipelines whose text comes from a language model, T5 alone, or a chat template."""

from typing import Any

import pytest
import torch
from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    AutoencoderDC,
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    ChromaPipeline,
    ChromaTransformer2DModel,
    CogView4Pipeline,
    CogView4Transformer2DModel,
    DDIMScheduler,
    DDPMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Pipeline,
    Flux2Transformer2DModel,
    HunyuanDiT2DModel,
    HunyuanDiTPipeline,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    PRXPipeline,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    SanaPipeline,
    SanaTransformer2DModel,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from diffusers.models.transformers.transformer_prx import PRXTransformer2DModel
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    Gemma2Config,
    Gemma2Model,
    GlmConfig,
    GlmModel,
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    MistralConfig,
    PixtralImageProcessor,
    PixtralProcessor,
    PixtralVisionConfig,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
)

from tests.families.tiny import WORDS, t5, t5_tokenizer
from tests.pipelines import ready, vae

LETTERS = [chr(i) for i in range(33, 127)] + ["\n"]
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CHAT_IN_PARTS = (
    "<bos>{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{{ part['text'] }}{% endfor %}<|im_end|>\n{% endfor %}"
)
NORMS = ("norm_q.weight", "norm_k.weight", "norm_added_q.weight", "norm_added_k.weight")
PROJECTIONS = ("to_q.weight", "to_k.weight")


def language_tokenizer(before: str = "", *, side: str = "right", most: int = 10_000) -> PreTrainedTokenizerFast:
    """Whole words where it knows them, else signs; `before` is put before each text, such as "<bos>"."""
    special = ["<pad>", "<unk>", "<bos>", "<eos>", "<|im_start|>", "<|im_end|>", "[gMASK]", "<sop>"]
    vocabulary = [(text, 0.0) for text in special] + [("▁", -3.0)]
    vocabulary += [(f"▁{word}", -2.0) for word in WORDS] + [(letter, -6.0) for letter in LETTERS]
    core = Tokenizer(models.Unigram(vocabulary, unk_id=1))
    core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    core.decoder = decoders.Metaspace(prepend_scheme="never")
    made = PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="<pad>",
        unk_token="<unk>",
        additional_special_tokens=special[2:],
        padding_side=side,
        model_max_length=most,
        chat_template=CHAT,
    )
    if before:
        made._tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{before} $A", special_tokens=[(text, special.index(text)) for text in before.split()]
        )
    return made


SIZES = {"vocab_size": 140, "hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}


def gemma() -> Gemma2Model:
    return Gemma2Model(
        Gemma2Config(**SIZES, head_dim=8, num_hidden_layers=2, num_key_value_heads=2, attn_implementation="eager")
    )


def sharper(pipe: Any, *names: str, factor: float = 1.6) -> Any:
    return ready(pipe, "transformer", *names, factor=factor)


def pixart(seed: int = 0, kind: Any = PixArtAlphaPipeline) -> Any:
    torch.manual_seed(seed)
    transformer = PixArtTransformer2DModel(
        sample_size=8,
        num_layers=2,
        patch_size=2,
        attention_head_dim=8,
        num_attention_heads=3,
        caption_channels=32,
        in_channels=4,
        cross_attention_dim=24,
        out_channels=8,
        attention_bias=True,
        norm_type="ada_norm_single",
        norm_elementwise_affine=False,
        norm_eps=1e-6,
    )
    pipe = kind(
        transformer=transformer,
        vae=vae(),
        scheduler=DDIMScheduler(clip_sample=False),
        text_encoder=t5(),
        tokenizer=t5_tokenizer(),
    )
    return sharper(pipe, "attn2.to_q.weight", "attn2.to_k.weight", factor=3)


def pixart_sigma() -> Any:
    return pixart(kind=PixArtSigmaPipeline)


def sana(seed: int = 0) -> SanaPipeline:
    torch.manual_seed(seed)
    transformer = SanaTransformer2DModel(
        patch_size=1,
        in_channels=4,
        out_channels=4,
        num_layers=2,
        num_attention_heads=2,
        attention_head_dim=8,
        num_cross_attention_heads=2,
        cross_attention_head_dim=8,
        cross_attention_dim=16,
        caption_channels=16,
        sample_size=8,
    )
    blocks = {
        "encoder_block_types": ("ResBlock",) * 3 + ("EfficientViTBlock",),
        "decoder_block_types": ("ResBlock",) * 3 + ("EfficientViTBlock",),
        "encoder_block_out_channels": (8,) * 4,
        "decoder_block_out_channels": (8,) * 4,
        "encoder_qkv_multiscales": ((), (), (), (5,)),
        "decoder_qkv_multiscales": ((), (), (), (5,)),
        "encoder_layers_per_block": (1,) * 4,
        "decoder_layers_per_block": (1,) * 4,
    }
    pipe = SanaPipeline(
        transformer=transformer,
        vae=AutoencoderDC(
            latent_channels=4,
            attention_head_dim=2,
            downsample_block_type="conv",
            upsample_block_type="interpolate",
            decoder_norm_types="rms_norm",
            decoder_act_fns="silu",
            **blocks,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        text_encoder=gemma(),
        tokenizer=language_tokenizer("<bos>"),
    )
    return sharper(pipe, "attn2.to_q.weight", "attn2.to_k.weight", factor=4)


def hunyuan_dit(seed: int = 0) -> HunyuanDiTPipeline:
    torch.manual_seed(seed)
    transformer = HunyuanDiT2DModel(
        sample_size=8,
        num_layers=2,
        patch_size=2,
        attention_head_dim=8,
        num_attention_heads=3,
        in_channels=4,
        cross_attention_dim=32,
        cross_attention_dim_t5=32,
        pooled_projection_dim=16,
        hidden_size=24,
        activation_fn="gelu-approximate",
    )
    bert = {"vocab_size": 140, "hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2}
    clip = language_tokenizer("<bos>", most=77)
    pipe = HunyuanDiTPipeline(
        transformer=transformer,
        vae=vae(),
        scheduler=DDPMScheduler(),
        text_encoder=BertModel(BertConfig(**bert, num_attention_heads=4, max_position_embeddings=77)),
        tokenizer=clip,
        text_encoder_2=t5(),
        tokenizer_2=t5_tokenizer(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return sharper(pipe, "attn2.norm_q.weight", "attn2.norm_k.weight", factor=2)


def aura_flow(seed: int = 0) -> AuraFlowPipeline:
    torch.manual_seed(seed)
    transformer = AuraFlowTransformer2DModel(
        sample_size=32,
        patch_size=2,
        in_channels=4,
        num_mmdit_layers=1,
        num_single_dit_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=32,
        pos_embed_max_size=256,
    )
    pipe = AuraFlowPipeline(
        transformer=transformer,
        vae=vae(),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=t5(),
        tokenizer=t5_tokenizer(),
    )
    return sharper(pipe, "to_out.0.weight", factor=1)


def chroma(seed: int = 0) -> ChromaPipeline:
    torch.manual_seed(seed)
    transformer = ChromaTransformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        axes_dims_rope=(4, 4, 8),
        approximator_hidden_dim=32,
        approximator_layers=1,
        approximator_num_channels=16,
    )
    pipe = ChromaPipeline(
        transformer=transformer,
        vae=vae(shift_factor=0.06, use_quant_conv=False, use_post_quant_conv=False),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=t5(),
        tokenizer=t5_tokenizer(),
    )
    return sharper(pipe, *NORMS)


def cogview4(seed: int = 0) -> CogView4Pipeline:
    torch.manual_seed(seed)
    transformer = CogView4Transformer2DModel(
        patch_size=2,
        in_channels=4,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        out_channels=4,
        text_embed_dim=16,
        time_embed_dim=8,
        condition_dim=4,
        rope_axes_dim=(16, 16),
    )
    pipe = CogView4Pipeline(
        transformer=transformer,
        vae=vae(use_quant_conv=False, use_post_quant_conv=False),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder=GlmModel(
            GlmConfig(**SIZES, head_dim=8, num_hidden_layers=2, num_key_value_heads=2, pad_token_id=0, eos_token_id=3)
        ),
        tokenizer=language_tokenizer("[gMASK] <sop>", side="left"),
    )
    return sharper(pipe, *PROJECTIONS, factor=1.5)


def qwen_image(seed: int = 0) -> QwenImagePipeline:
    torch.manual_seed(seed)
    transformer = QwenImageTransformer2DModel(
        patch_size=2,
        in_channels=16,
        out_channels=4,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        guidance_embeds=False,
        axes_dims_rope=(8, 4, 4),
    )
    rope = {"mrope_section": [1, 1, 2], "rope_type": "default", "type": "default"}
    text = {**SIZES, "num_hidden_layers": 2, "num_key_value_heads": 2, "rope_scaling": rope}
    vision = {"depth": 2, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16}
    config = Qwen2_5_VLConfig(text_config=text, vision_config=vision, hidden_size=16, vocab_size=140)
    pipe = QwenImagePipeline(
        transformer=transformer,
        vae=AutoencoderKLQwenImage(
            base_dim=24,
            z_dim=4,
            dim_mult=[1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
            latents_mean=[0.1, 0.2, 0.3, 0.4],
            latents_std=[1.0, 2.0, 1.5, 0.5],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder=Qwen2_5_VLForConditionalGeneration(config),
        tokenizer=language_tokenizer(),
    )
    pipe.default_sample_size = 8
    template = pipe.prompt_template_encode  # this tokenizer needs more tokens than the real one for what is dropped
    pipe.prompt_template_encode_start_idx = len(pipe.tokenizer(template[: template.index("{}")]).input_ids)
    return sharper(pipe, *NORMS)


def z_image(seed: int = 0) -> ZImagePipeline:
    torch.manual_seed(seed)
    transformer = ZImageTransformer2DModel(
        all_patch_size=(2,),
        all_f_patch_size=(1,),
        in_channels=4,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=[8, 4, 4],
        axes_lens=[1024, 64, 64],
    )
    torch.nn.init.normal_(transformer.x_pad_token)
    torch.nn.init.normal_(transformer.cap_pad_token)
    pipe = ZImagePipeline(
        transformer=transformer,
        vae=vae(shift_factor=0.06, use_quant_conv=False, use_post_quant_conv=False),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        text_encoder=Qwen3Model(Qwen3Config(**SIZES, head_dim=8, num_hidden_layers=2, num_key_value_heads=2)),
        tokenizer=language_tokenizer(),
    )
    return sharper(pipe, "layers.0.attention.norm_k.weight", "layers.1.attention.norm_k.weight", factor=2)


def lumina2(seed: int = 0) -> Lumina2Pipeline:
    torch.manual_seed(seed)
    transformer = Lumina2Transformer2DModel(
        sample_size=8,
        patch_size=2,
        in_channels=4,
        hidden_size=24,
        num_layers=2,
        num_refiner_layers=1,
        num_attention_heads=3,
        num_kv_heads=1,
        multiple_of=2,
        scaling_factor=1.0,
        axes_dim_rope=(4, 2, 2),
        axes_lens=(300, 32, 32),
        cap_feat_dim=16,
    )
    pipe = Lumina2Pipeline(
        transformer=transformer,
        vae=vae(shift_factor=0.06, use_quant_conv=False, use_post_quant_conv=False),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=6.0),
        text_encoder=gemma(),
        tokenizer=language_tokenizer("<bos>"),
    )
    return sharper(pipe, "attn.norm_q.weight", "attn.norm_k.weight", factor=2)


def flux2(seed: int = 0) -> Flux2KleinPipeline:
    torch.manual_seed(seed)
    transformer = Flux2Transformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        timestep_guidance_channels=256,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    pipe = Flux2KleinPipeline(
        transformer=transformer,
        vae=AutoencoderKLFlux2(
            block_out_channels=(8, 8, 8, 8),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=4,
            norm_num_groups=4,
            sample_size=64,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        text_encoder=Qwen3ForCausalLM(Qwen3Config(**SIZES, head_dim=8, num_hidden_layers=30, num_key_value_heads=2)),
        tokenizer=language_tokenizer(),
        is_distilled=False,
    )
    pipe.default_sample_size = 8
    return sharper(pipe, *NORMS)


def flux2_dev(seed: int = 0) -> Flux2Pipeline:
    """Its text encoder reads pictures too, its tokenizer stands in a processor, and guidance is told to the model."""
    klein = flux2(seed)
    transformer = Flux2Transformer2DModel.from_config(dict(klein.transformer.config) | {"guidance_embeds": True})
    config = Mistral3Config(
        text_config=MistralConfig(**SIZES, head_dim=8, num_hidden_layers=30, num_key_value_heads=2).to_dict(),
        vision_config=PixtralVisionConfig(
            hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, head_dim=8
        ).to_dict(),
    )
    pipe = Flux2Pipeline(
        transformer=transformer,
        vae=klein.vae,
        scheduler=klein.scheduler,
        text_encoder=Mistral3ForConditionalGeneration(config),
        tokenizer=PixtralProcessor(
            PixtralImageProcessor(), language_tokenizer(side="left"), chat_template=CHAT_IN_PARTS
        ),
    )
    pipe.default_sample_size = 8
    return sharper(pipe, *NORMS)


class Pieces:
    """What ChatGLM's tokenizer asks of SentencePiece's model: words that it knows, else signs, else bytes."""

    def __init__(self, path: str = "") -> None:
        special = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), ("▁", -3.0)]
        vocabulary = special + [(f"▁{word}", -2.0) for word in WORDS] + [(letter, -6.0) for letter in LETTERS]
        vocabulary += [(f"<0x{byte:02X}>", -9.0) for byte in range(256)]
        self.core = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=True))
        self.core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        self.ids = {piece: i for i, (piece, _) in enumerate(vocabulary)}
        self.pieces = list(self.ids)
        self.pad_id, self.bos_id, self.eos_id = 0, 1, 2
        special_tokens = ["[MASK]", "[gMASK]", "[sMASK]", "sop", "eop"]
        self.special_tokens = {token: len(self.ids) + i for i, token in enumerate(special_tokens)}
        self.index_special_tokens = {i: token for token, i in self.special_tokens.items()}
        self.n_words = len(self.ids) + len(special_tokens)

    def tokenize(self, text: str, encode_special_tokens: bool = False) -> list[str]:
        return list(self.core.encode(text).tokens)

    def convert_token_to_id(self, token: str) -> int:
        return self.special_tokens.get(token, self.ids.get(token, 0))

    def convert_id_to_token(self, index: int) -> str:
        if index in self.index_special_tokens:
            return self.index_special_tokens[index]
        return "" if index < 3 else self.pieces[index]

    def decode_tokens(self, tokens: list[str]) -> str:
        return "".join(tokens).replace("▁", " ").strip()


def kolors(seed: int = 0) -> Any:
    # Its modules warn when they are imported, and diffusers itself has them only with SentencePiece.
    from diffusers.pipelines.kolors import tokenizer as chatglm
    from diffusers.pipelines.kolors.pipeline_kolors import KolorsPipeline
    from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel

    torch.manual_seed(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chatglm, "SPTokenizer", Pieces)
        tokenizer = chatglm.ChatGLMTokenizer("")
    config = ChatGLMConfig(
        num_layers=2,
        padded_vocab_size=tokenizer.vocab_size,
        hidden_size=16,
        ffn_hidden_size=16,
        kv_channels=8,
        num_attention_heads=2,
        seq_length=256,
        original_rope=True,
    )
    encoder = ChatGLMModel(config)
    for name, parameter in encoder.named_parameters():  # they are left as the memory was
        torch.nn.init.ones_(parameter) if "norm" in name else torch.nn.init.normal_(parameter, std=0.2)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 2),
        projection_class_embeddings_input_dim=6 * 8 + 16,
        encoder_hid_dim=16,
        encoder_hid_dim_type="text_proj",
        cross_attention_dim=32,
        norm_num_groups=8,
    )
    pipe = KolorsPipeline(
        vae=vae(),
        text_encoder=encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012),
    )
    return ready(pipe, "unet", "attn2.to_q.weight", "attn2.to_k.weight", factor=6)


def prx(seed: int = 0) -> PRXPipeline:
    torch.manual_seed(seed)
    transformer = PRXTransformer2DModel(
        patch_size=2,
        in_channels=4,
        context_in_dim=16,
        hidden_size=16,
        num_heads=2,
        depth=2,
        axes_dim=[4, 4],
    )
    for parameter in transformer.parameters():  # it starts as the identity, whatever the text
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    pipe = PRXPipeline(
        transformer=transformer,
        vae=vae(shift_factor=0.06),
        scheduler=FlowMatchEulerDiscreteScheduler(),
        text_encoder=gemma(),
        tokenizer=language_tokenizer("<bos>", most=256),
        default_sample_size=64,
    )
    return sharper(pipe, *NORMS, factor=1.2)
